/** The panels of the dashboard as data. § stands for the matchers of the job and the instance that are chosen. */

export interface PanelSpec {
  readonly title: string;
  readonly kind: "stat" | "timeseries" | "state-timeline" | "table";
  /** Grafana's name of it. */
  readonly unit: string;
  readonly query: string;
  readonly legend: string;
  readonly about: string;
  /** Of a stat: what its series are called, not their values. */
  readonly showsNames?: boolean;
  /** What numbers mean, in the order of 0, 1, 2, …: text and colour. */
  readonly meanings?: readonly (readonly [text: string, color: string])[];
}

export interface RowSpec {
  readonly title: string;
  readonly isCollapsed: boolean;
  readonly panels: readonly PanelSpec[];
}

const yesOrNo = [
  ["no", "red"],
  ["yes", "green"],
] as const;
const unitStates = [
  ["stopped", "text"],
  ["waiting", "blue"],
  ["starting", "yellow"],
  ["running", "green"],
  ["draining", "purple"],
  ["stopping", "orange"],
  ["back-off", "red"],
] as const;
const breakerStates = [
  ["closed", "green"],
  ["half open", "yellow"],
  ["open", "red"],
] as const;
const poolStates = [
  ["not ready", "red"],
  ["ready", "green"],
  ["paused", "blue"],
] as const;
const checkStates = [
  ["unknown", "yellow"],
  ["ok", "green"],
  ["failed", "red"],
] as const;
const pausedStates = [
  ["open", "green"],
  ["paused", "blue"],
] as const;

export const rows: readonly RowSpec[] = [
  {
    title: "Overview",
    isCollapsed: false,
    panels: [
      {
        title: "Ready",
        kind: "stat",
        unit: "bool_yes_no",
        query: "sails_ready{§}",
        legend: "Ready",
        about:
          "Whether every unit that should run is ready and Prefect's API answers: the verdict of /readyz.",
        meanings: yesOrNo,
      },
      {
        title: "Prefect API",
        kind: "stat",
        unit: "bool_yes_no",
        query: "sails_prefect_up{§}",
        legend: "Prefect API",
        about:
          "Whether the last probes of Prefect's API succeeded, through the address that workers use.",
        meanings: yesOrNo,
      },
      {
        title: "Units up",
        kind: "stat",
        unit: "none",
        query: "sum(sails_unit_up{§})",
        legend: "Units up",
        about: "Processes that exist, of the server, the workers and the services.",
      },
      {
        title: "Units desired",
        kind: "stat",
        unit: "none",
        query: "sum(sails_unit_desired{§})",
        legend: "Units desired",
        about:
          "Units that configuration and operator want to run. Fewer up than desired is what to look at first.",
      },
      {
        title: "Restarts, 24 h",
        kind: "stat",
        unit: "short",
        query: "sum(increase(sails_unit_restarts_total{§}[24h]))",
        legend: "Restarts, 24 h",
        about:
          "Restarts of units by the supervisor, those by order and by a changed configuration among them.",
      },
      {
        title: "Orphaned runs",
        kind: "stat",
        unit: "short",
        query: 'sum(sails_run_processes{§, attachment="orphaned"})',
        legend: "Orphaned runs",
        about:
          "Flow runs that outlived their worker and go on without it, for instance while it is replaced.",
      },
      {
        title: "Dead runs, unsettled",
        kind: "stat",
        unit: "short",
        query: "sum(sails_run_dead{§})",
        legend: "Dead runs, unsettled",
        about:
          "Flow runs that the server counts as live though their process is gone. They hold slots until they are settled.",
      },
      {
        title: "Pending steps",
        kind: "stat",
        unit: "short",
        query: "sum(sails_reconcile_pending_steps{§})",
        legend: "Pending steps",
        about: "What is declared and not so yet; `sails-supervisor plan` names each.",
      },
      {
        title: "Checks failing",
        kind: "stat",
        unit: "short",
        query: 'sum(sails_check_state{§, state="failed"})',
        legend: "Checks failing",
        about: "Checks that do not hold. Pools that require them are paused.",
      },
      {
        title: "Backup age",
        kind: "stat",
        unit: "s",
        query: "time() - sails_backup_last_success_timestamp_seconds{§}",
        legend: "Backup age",
        about: "Since the last backup that passed its integrity check.",
      },
      {
        title: "Late runs",
        kind: "stat",
        unit: "short",
        query: 'sum(sails_prefect_flow_runs{§, state="late"})',
        legend: "Late runs",
        about: "Flow runs that should have begun: no worker takes them, or all slots are taken.",
      },
      {
        title: "API availability, range",
        kind: "stat",
        unit: "percentunit",
        query:
          "1 - sum(increase(sails_prefect_api_probe_failures_total{§}[$__range])) / sum(increase(sails_prefect_api_probes_total{§}[$__range]))",
        legend: "API availability, range",
        about: "Share of probes that succeeded over the time that is shown.",
      },
      {
        title: "Versions",
        kind: "stat",
        unit: "none",
        query: "sails_build_info{§} or sails_prefect_server_info{§}",
        legend: "{{version}}",
        showsNames: true,
        about: "Of the supervisor and of the server.",
      },
    ],
  },
  {
    title: "Processes",
    isCollapsed: false,
    panels: [
      {
        title: "State",
        kind: "state-timeline",
        unit: "none",
        query:
          'sum by (unit) (sails_unit_state{§, state="waiting"}) + sum by (unit) (sails_unit_state{§, state="starting"}) * 2 + sum by (unit) (sails_unit_state{§, state="running"}) * 3 + sum by (unit) (sails_unit_state{§, state="draining"}) * 4 + sum by (unit) (sails_unit_state{§, state="stopping"}) * 5 + sum by (unit) (sails_unit_state{§, state="backoff"}) * 6',
        legend: "{{unit}}",
        about: "What each unit does. Red is a wait before the next start.",
        meanings: unitStates,
      },
      {
        title: "Restarts by reason",
        kind: "timeseries",
        unit: "short",
        query: "sum by (unit, reason) (increase(sails_unit_restarts_total{§}[$__rate_interval]))",
        legend: "{{unit}} {{reason}}",
        about: "Restarts made by the supervisor, by what ended the process before.",
      },
      {
        title: "Uptime",
        kind: "table",
        unit: "s",
        query: "time() - sails_unit_start_time_seconds{§}",
        legend: "{{unit}}",
        about: "Since when the current process of each unit runs.",
      },
      {
        title: "Last exit code",
        kind: "table",
        unit: "none",
        query: "sails_unit_last_exit_code{§}",
        legend: "{{unit}}",
        about: "How the last process of a unit ended; 128 plus the signal if one killed it.",
      },
      {
        title: "Back-off",
        kind: "timeseries",
        unit: "s",
        query: "sails_unit_backoff_seconds{§}",
        legend: "{{unit}}",
        about: "How long the wait before the next start is.",
      },
      {
        title: "Reason",
        kind: "table",
        unit: "none",
        query: "sails_unit_state_reason{§} == 1",
        legend: "{{unit}} {{reason}}",
        about: "Why each unit is in its state.",
      },
      {
        title: "Breaker",
        kind: "state-timeline",
        unit: "none",
        query:
          'sum by (unit) (sails_unit_breaker_state{§, state="half_open"}) + sum by (unit) (sails_unit_breaker_state{§, state="open"}) * 2',
        legend: "{{unit}}",
        about: "Open: the unit died so often that it is tried once every five minutes only.",
        meanings: breakerStates,
      },
      {
        title: "Hot restarts and adoptions",
        kind: "timeseries",
        unit: "short",
        query:
          "sum by (unit) (increase(sails_unit_hot_restarts_total{§}[$__rate_interval])) + sum by (unit) (increase(sails_unit_adoptions_total{§}[$__rate_interval]))",
        legend: "{{unit}}",
        about:
          "Workers that were replaced while their flow runs went on, and processes taken over by a new daemon.",
      },
      {
        title: "Start-up time, p95",
        kind: "timeseries",
        unit: "s",
        query:
          "histogram_quantile(0.95, sum by (le, role) (rate(sails_unit_startup_duration_seconds_bucket{§}[$__rate_interval])))",
        legend: "{{role}}",
        about: "From the start of a process to its readiness.",
      },
    ],
  },
  {
    title: "Prefect API",
    isCollapsed: false,
    panels: [
      {
        title: "Probe latency, p95",
        kind: "timeseries",
        unit: "s",
        query:
          "histogram_quantile(0.95, sum by (le, probe) (rate(sails_prefect_api_probe_duration_seconds_bucket{§}[$__rate_interval])))",
        legend: "{{probe}}",
        about: "How long Prefect's API takes to answer a probe.",
      },
      {
        title: "Probe failures by reason",
        kind: "timeseries",
        unit: "cps",
        query:
          "sum by (probe, reason) (rate(sails_prefect_api_probe_failures_total{§}[$__rate_interval]))",
        legend: "{{probe}} {{reason}}",
        about: "Probes of Prefect's API that failed.",
      },
      {
        title: "Burn rate, 1 h",
        kind: "timeseries",
        unit: "short",
        query: "instance:sails_prefect_api_probe_errors:ratio_rate1h{§} / 0.005",
        legend: "Burn rate, 1 h",
        about: "How fast the error budget of 0.5 % is used up; above 14.4 it pages.",
      },
      {
        title: "Collector requests by code",
        kind: "timeseries",
        unit: "reqps",
        query:
          "sum by (endpoint, code) (rate(sails_prefect_api_requests_total{§}[$__rate_interval]))",
        legend: "{{endpoint}} {{code}}",
        about: "Requests that are made for this dashboard: a dozen every half minute.",
      },
    ],
  },
  {
    title: "Work pools and workers",
    isCollapsed: false,
    panels: [
      {
        title: "Pool status",
        kind: "state-timeline",
        unit: "none",
        query:
          'sum by (pool) (sails_prefect_work_pool_status{§, status="ready"}) + sum by (pool) (sails_prefect_work_pool_status{§, status="paused"}) * 2',
        legend: "{{pool}}",
        about: "Of each work pool, as Prefect has it: ready, paused, or without a worker.",
        meanings: poolStates,
      },
      {
        title: "Workers online",
        kind: "timeseries",
        unit: "short",
        query: 'sum by (pool) (sails_prefect_workers{§, status="online"})',
        legend: "{{pool}}",
        about: "As Prefect counts them; one that died stays online for a minute and a half.",
      },
      {
        title: "Heartbeat age",
        kind: "timeseries",
        unit: "s",
        query: "time() - sails_prefect_worker_last_heartbeat_timestamp_seconds{§}",
        legend: "{{unit}}",
        about: "Since the last heartbeat of each worker that we run. They come every 30 s.",
      },
      {
        title: "Concurrency in use",
        kind: "timeseries",
        unit: "percentunit",
        query:
          "sails_prefect_work_pool_active_slots{§} / sails_prefect_work_pool_concurrency_limit{§}",
        legend: "{{pool}}",
        about: "Share of the slots of a pool that are taken.",
      },
      {
        title: "Queue poll age",
        kind: "timeseries",
        unit: "s",
        query: "time() - sails_prefect_work_queue_last_polled_timestamp_seconds{§}",
        legend: "{{pool}}/{{queue}}",
        about: "Since a worker asked for runs of the queue last.",
      },
    ],
  },
  {
    title: "Flow runs",
    isCollapsed: false,
    panels: [
      {
        title: "Processes, by attachment",
        kind: "timeseries",
        unit: "short",
        query: "sum by (pool, attachment) (sails_run_processes{§})",
        legend: "{{pool}} {{attachment}}",
        about: "Flow runs with a process on this machine.",
      },
      {
        title: "Recoveries, by action",
        kind: "timeseries",
        unit: "short",
        query: "sum by (pool, action) (increase(sails_run_recoveries_total{§}[$__rate_interval]))",
        legend: "{{pool}} {{action}}",
        about: "Flow runs that lost their process, and what was done with them.",
      },
      {
        title: "Time to settle a dead run, p95",
        kind: "timeseries",
        unit: "s",
        query:
          "histogram_quantile(0.95, sum by (le, action) (rate(sails_run_recovery_duration_seconds_bucket{§}[$__rate_interval])))",
        legend: "{{action}}",
        about: "From the end of a process to the state that tells of it.",
      },
      {
        title: "Memory of runs",
        kind: "timeseries",
        unit: "bytes",
        query: "sum by (pool) (sails_run_resident_memory_bytes{§})",
        legend: "{{pool}}",
        about: "Memory of all flow runs of a pool.",
      },
      {
        title: "Not ended, by state",
        kind: "timeseries",
        unit: "short",
        query: "sum by (state) (sails_prefect_flow_runs{§})",
        legend: "{{state}}",
        about: "Flow runs in Prefect that have not ended. Late ones are not among the scheduled.",
      },
      {
        title: "Ended per interval, by state",
        kind: "timeseries",
        unit: "short",
        query:
          "sum by (state) (increase(sails_prefect_flow_runs_finished_total{§}[$__rate_interval]))",
        legend: "{{state}}",
        about: "Flow runs that ended.",
      },
      {
        title: "Failure ratio, 1 h",
        kind: "timeseries",
        unit: "percentunit",
        query:
          'sum by (pool) (increase(sails_prefect_flow_runs_finished_total{§, state=~"failed|crashed"}[1h])) / sum by (pool) (increase(sails_prefect_flow_runs_finished_total{§}[1h]))',
        legend: "{{pool}}",
        about: "Share of the flow runs of the last hour that failed or crashed.",
      },
      {
        title: "Age of the oldest late run",
        kind: "timeseries",
        unit: "s",
        query: "time() - sails_prefect_oldest_late_flow_run_timestamp_seconds{§}",
        legend: "{{pool}}",
        about: "How long the flow run that waits longest has been due.",
      },
    ],
  },
  {
    title: "Declared and maintained",
    isCollapsed: false,
    panels: [
      {
        title: "Pending steps by kind",
        kind: "timeseries",
        unit: "short",
        query: "sum by (kind) (sails_reconcile_pending_steps{§})",
        legend: "{{kind}}",
        about: "What is declared in Prefect and not so yet.",
      },
      {
        title: "Withheld steps by kind",
        kind: "timeseries",
        unit: "short",
        query: "sum by (kind) (sails_reconcile_withheld_steps{§})",
        legend: "{{kind}}",
        about: "Differences that an operator made on purpose, and that are left alone.",
      },
      {
        title: "Environment",
        kind: "table",
        unit: "none",
        query: "sails_environment_info{§}",
        legend: "{{python_version}}",
        about: "The Python environment in use, and the lock file that it was made from.",
      },
      {
        title: "Environment sync failures",
        kind: "timeseries",
        unit: "short",
        query:
          "sum by (reason) (increase(sails_environment_sync_failures_total{§}[$__rate_interval]))",
        legend: "{{reason}}",
        about: "Attempts to make an environment that failed.",
      },
      {
        title: "Checks",
        kind: "state-timeline",
        unit: "none",
        query:
          'sum by (check) (sails_check_state{§, state="ok"}) + sum by (check) (sails_check_state{§, state="failed"}) * 2',
        legend: "{{check}}",
        about: "What must hold beside the units.",
        meanings: checkStates,
      },
      {
        title: "Pools paused by the supervisor",
        kind: "state-timeline",
        unit: "none",
        query: "sum by (pool, reason) (sails_pool_paused_by_supervisor{§})",
        legend: "{{pool}} {{reason}}",
        about: "Which pools the supervisor has closed, and why.",
        meanings: pausedStates,
      },
      {
        title: "Jobs, age of the last success",
        kind: "table",
        unit: "s",
        query: "time() - sails_job_last_success_timestamp_seconds{§}",
        legend: "{{job_name}}",
        about: "Since each scheduled job succeeded last.",
      },
      {
        title: "Backup size",
        kind: "timeseries",
        unit: "bytes",
        query: "sails_backup_size_bytes{§}",
        legend: "Backup size",
        about: "Size of the last good backup. One that shrinks is worth a look.",
      },
      {
        title: "Free space",
        kind: "timeseries",
        unit: "percentunit",
        query: "sails_volume_free_bytes{§} / sails_volume_size_bytes{§}",
        legend: "{{volume}}",
        about: "Share of each volume that is left.",
      },
    ],
  },
  {
    title: "Resources",
    isCollapsed: true,
    panels: [
      {
        title: "CPU",
        kind: "timeseries",
        unit: "short",
        query: "sum by (unit) (rate(sails_unit_cpu_seconds_total{§}[$__rate_interval]))",
        legend: "{{unit}}",
        about: "Processors in use by each unit, without its flow runs.",
      },
      {
        title: "Memory",
        kind: "timeseries",
        unit: "bytes",
        query: "sails_unit_resident_memory_bytes{§}",
        legend: "{{unit}}",
        about: "Memory of each unit, without its flow runs.",
      },
      {
        title: "Processes",
        kind: "timeseries",
        unit: "short",
        query: "sails_unit_processes{§}",
        legend: "{{unit}}",
        about: "Processes of each unit.",
      },
      {
        title: "File descriptors in use",
        kind: "timeseries",
        unit: "percentunit",
        query: "sails_unit_open_fds{§} / sails_unit_max_fds{§}",
        legend: "{{unit}}",
        about: "Share of the descriptors that the main process of a unit may open.",
      },
      {
        title: "Prefect database",
        kind: "timeseries",
        unit: "bytes",
        query: "sails_prefect_database_size_bytes{§}",
        legend: "{{file}}",
        about: "Size of the SQLite database and of its write-ahead log.",
      },
    ],
  },
  {
    title: "Supervisor internals",
    isCollapsed: true,
    panels: [
      {
        title: "Event loop delay, p99",
        kind: "timeseries",
        unit: "s",
        query: "nodejs_eventloop_lag_p99_seconds{§}",
        legend: "Event loop delay, p99",
        about: "How long the supervisor itself is held up.",
      },
      {
        title: "Supervisor memory",
        kind: "timeseries",
        unit: "bytes",
        query: "process_resident_memory_bytes{§}",
        legend: "Supervisor memory",
        about: "Memory of the supervisor itself.",
      },
      {
        title: "Collector duration",
        kind: "timeseries",
        unit: "s",
        query: "sails_collector_duration_seconds{§}",
        legend: "{{collector}}",
        about: "How long it takes to look at Prefect and at the volumes.",
      },
      {
        title: "Collector success",
        kind: "timeseries",
        unit: "none",
        query: "sails_collector_success{§}",
        legend: "{{collector}}",
        about: "Whether the last look succeeded.",
      },
      {
        title: "Own warnings and errors",
        kind: "timeseries",
        unit: "cps",
        query:
          'sum by (level) (rate(sails_log_messages_total{§, level=~"warn|error|fatal"}[$__rate_interval]))',
        legend: "{{level}}",
        about: "What the supervisor itself complained about; its journal has the words.",
      },
    ],
  },
];
