/** Made by `npm run openapi` from the document of Prefect 3.8.8. */

export type ConcurrencyLimitStrategy = "ENQUEUE" | "CANCEL_NEW";
export type DeploymentStatus = "READY" | "NOT_READY";
export type StateType =
  "SCHEDULED" | "PENDING" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED" | "CRASHED" | "PAUSED" | "CANCELLING";
export type Operator = "and_" | "or_";
export type SetStateStatus = "ACCEPT" | "REJECT" | "ABORT" | "WAIT";
export type WorkPoolStatus = "READY" | "NOT_READY" | "PAUSED";
export type WorkQueueStatus = "READY" | "NOT_READY" | "PAUSED";
export type WorkerStatus = "ONLINE" | "OFFLINE";

export interface Prefect {}
export interface ConcurrencyLimitV2Create {
  active?: boolean;
  name: string;
  limit: number;
  active_slots?: number;
  denied_slots?: number;
  slot_decay_per_second?: number;
}
export interface ConcurrencyLimitV2Update {
  active?: boolean | null;
  name?: string | null;
  limit?: number | null;
  active_slots?: number | null;
  denied_slots?: number | null;
  slot_decay_per_second?: number | null;
}
export interface ConcurrencyOptions {
  collision_strategy: ConcurrencyLimitStrategy;
  grace_period_seconds?: number | null;
}
export interface CreatedBy {
  id?: string | null;
  type?: string | null;
  display_value?: string | null;
}
export interface CronSchedule {
  cron: string;
  timezone?: string | null;
  day_or?: boolean;
}
export interface DeploymentResponse {
  id: string;
  created: string | null;
  updated: string | null;
  name: string;
  version?: string | null;
  description?: string | null;
  flow_id: string;
  paused?: boolean;
  schedules?: DeploymentSchedule[];
  /**
   * @deprecated
   */
  concurrency_limit?: number | null;
  global_concurrency_limit?: GlobalConcurrencyLimitResponse | null;
  concurrency_options?: ConcurrencyOptions | null;
  job_variables?: {
    [k: string]: unknown;
  };
  parameters?: {
    [k: string]: unknown;
  };
  tags?: string[];
  labels?: {
    [k: string]: boolean | number | string;
  };
  work_queue_name?: string | null;
  work_queue_id?: string | null;
  last_polled?: string | null;
  parameter_openapi_schema?: {
    [k: string]: unknown;
  } | null;
  path?: string | null;
  pull_steps?:
    | {
        [k: string]: unknown;
      }[]
    | null;
  entrypoint?: string | null;
  storage_document_id?: string | null;
  infrastructure_document_id?: string | null;
  created_by?: CreatedBy | null;
  updated_by?: UpdatedBy | null;
  work_pool_name?: string | null;
  status?: DeploymentStatus | null;
  enforce_parameter_schema?: boolean;
}
export interface DeploymentSchedule {
  id: string;
  created: string | null;
  updated: string | null;
  deployment_id?: string | null;
  schedule: IntervalScheduleOutput | CronSchedule | RRuleSchedule;
  active?: boolean;
  max_scheduled_runs?: number | null;
  parameters?: {
    [k: string]: unknown;
  };
  slug?: string | null;
}
export interface IntervalScheduleOutput {
  interval: number;
  anchor_date?: string;
  timezone?: string | null;
}
export interface RRuleSchedule {
  rrule: string;
  timezone?: string | null;
}
export interface GlobalConcurrencyLimitResponse {
  id: string;
  created: string | null;
  updated: string | null;
  active?: boolean;
  name: string;
  limit: number;
  active_slots: number;
  slot_decay_per_second?: number;
}
export interface UpdatedBy {
  id?: string | null;
  type?: string | null;
  display_value?: string | null;
}
export interface DeploymentScheduleCreate {
  active?: boolean;
  schedule: IntervalScheduleInput | CronSchedule | RRuleSchedule;
  max_scheduled_runs?: number | null;
  parameters?: {
    [k: string]: unknown;
  };
  slug?: string | null;
  replaces?: string | null;
}
export interface IntervalScheduleInput {
  interval: string;
  anchor_date?: string;
  timezone?: string | null;
}
export interface DeploymentScheduleUpdate {
  active?: boolean | null;
  schedule?: IntervalScheduleInput | CronSchedule | RRuleSchedule | null;
  max_scheduled_runs?: number | null;
  parameters?: {
    [k: string]: unknown;
  };
  slug?: string | null;
  replaces?: string | null;
}
export interface DeploymentUpdate {
  version?: string | null;
  description?: string | null;
  paused?: boolean;
  schedules?: DeploymentScheduleUpdate[];
  concurrency_limit?: number | null;
  concurrency_options?: ConcurrencyOptions | null;
  global_concurrency_limit_id?: string | null;
  parameters?: {
    [k: string]: unknown;
  } | null;
  parameter_openapi_schema?: {
    [k: string]: unknown;
  } | null;
  tags?: string[];
  work_queue_name?: string | null;
  work_pool_name?: string | null;
  path?: string | null;
  job_variables?: {
    [k: string]: unknown;
  } | null;
  pull_steps?:
    | {
        [k: string]: unknown;
      }[]
    | null;
  entrypoint?: string | null;
  storage_document_id?: string | null;
  infrastructure_document_id?: string | null;
  enforce_parameter_schema?: boolean | null;
  version_info?: VersionInfo | null;
}
export interface VersionInfo {
  type: string;
  version: string;
  [k: string]: unknown;
}
export interface Flow {
  id: string;
  created: string | null;
  updated: string | null;
  name: string;
  tags?: string[];
  labels?: {
    [k: string]: boolean | number | string;
  } | null;
}
export interface FlowRunFilter {
  operator?: "and_" | "or_";
  id?: FlowRunFilterId | null;
  name?: FlowRunFilterName | null;
  tags?: FlowRunFilterTags | null;
  deployment_id?: FlowRunFilterDeploymentId | null;
  work_queue_name?: FlowRunFilterWorkQueueName | null;
  state?: FlowRunFilterState | null;
  flow_version?: FlowRunFilterFlowVersion | null;
  start_time?: FlowRunFilterStartTime | null;
  end_time?: FlowRunFilterEndTime | null;
  expected_start_time?: FlowRunFilterExpectedStartTime | null;
  next_scheduled_start_time?: FlowRunFilterNextScheduledStartTime | null;
  parent_flow_run_id?: FlowRunFilterParentFlowRunId | null;
  parent_task_run_id?: FlowRunFilterParentTaskRunId | null;
  idempotency_key?: FlowRunFilterIdempotencyKey | null;
  created_by?: FlowRunFilterCreatedBy | null;
}
export interface FlowRunFilterId {
  any_?: string[] | null;
  not_any_?: string[] | null;
}
export interface FlowRunFilterName {
  any_?: string[] | null;
  like_?: string | null;
}
export interface FlowRunFilterTags {
  operator?: "and_" | "or_";
  all_?: string[] | null;
  any_?: string[] | null;
  is_null_?: boolean | null;
}
export interface FlowRunFilterDeploymentId {
  operator?: "and_" | "or_";
  any_?: string[] | null;
  is_null_?: boolean | null;
}
export interface FlowRunFilterWorkQueueName {
  operator?: "and_" | "or_";
  any_?: string[] | null;
  is_null_?: boolean | null;
}
export interface FlowRunFilterState {
  operator?: "and_" | "or_";
  type?: FlowRunFilterStateType | null;
  name?: FlowRunFilterStateName | null;
}
export interface FlowRunFilterStateType {
  any_?: StateType[] | null;
  not_any_?: StateType[] | null;
}
export interface FlowRunFilterStateName {
  any_?: string[] | null;
  not_any_?: string[] | null;
}
export interface FlowRunFilterFlowVersion {
  any_?: string[] | null;
}
export interface FlowRunFilterStartTime {
  before_?: string | null;
  after_?: string | null;
  is_null_?: boolean | null;
}
export interface FlowRunFilterEndTime {
  before_?: string | null;
  after_?: string | null;
  is_null_?: boolean | null;
}
export interface FlowRunFilterExpectedStartTime {
  before_?: string | null;
  after_?: string | null;
}
export interface FlowRunFilterNextScheduledStartTime {
  before_?: string | null;
  after_?: string | null;
}
export interface FlowRunFilterParentFlowRunId {
  operator?: "and_" | "or_";
  any_?: string[] | null;
}
export interface FlowRunFilterParentTaskRunId {
  operator?: "and_" | "or_";
  any_?: string[] | null;
  is_null_?: boolean | null;
}
export interface FlowRunFilterIdempotencyKey {
  any_?: string[] | null;
  not_any_?: string[] | null;
}
export interface FlowRunFilterCreatedBy {
  operator?: "and_" | "or_";
  id_?: string[] | null;
  type_?: string[] | null;
  is_null_?: boolean | null;
}
export interface FlowRunPolicy {
  /**
   * @deprecated
   */
  max_retries?: number;
  /**
   * @deprecated
   */
  retry_delay_seconds?: number;
  retries?: number | null;
  retry_delay?: number | null;
  pause_keys?: string[] | null;
  resuming?: boolean | null;
  retry_type?: ("in_process" | "reschedule") | null;
}
export interface FlowRunResponse {
  id: string;
  created: string | null;
  updated: string | null;
  name?: string;
  flow_id: string;
  state_id?: string | null;
  deployment_id?: string | null;
  deployment_version?: string | null;
  work_queue_id?: string | null;
  work_queue_name?: string | null;
  flow_version?: string | null;
  parameters?: {
    [k: string]: unknown;
  };
  idempotency_key?: string | null;
  context?: {
    [k: string]: unknown;
  };
  empirical_policy?: FlowRunPolicy;
  tags?: string[];
  labels?: {
    [k: string]: boolean | number | string;
  };
  parent_task_run_id?: string | null;
  state_type?: StateType | null;
  state_name?: string | null;
  run_count?: number;
  expected_start_time?: string | null;
  next_scheduled_start_time?: string | null;
  start_time?: string | null;
  end_time?: string | null;
  total_run_time?: number;
  estimated_run_time?: number;
  estimated_start_time_delta?: number;
  auto_scheduled?: boolean;
  infrastructure_document_id?: string | null;
  infrastructure_pid?: string | null;
  created_by?: CreatedBy | null;
  work_pool_id?: string | null;
  work_pool_name?: string | null;
  state?: State | null;
  job_variables?: {
    [k: string]: unknown;
  } | null;
}
export interface State {
  id: string;
  type: StateType;
  name?: string | null;
  timestamp?: string;
  message?: string | null;
  data?: unknown;
  state_details?: StateDetails;
}
export interface StateDetails {
  flow_run_id?: string | null;
  task_run_id?: string | null;
  child_flow_run_id?: string | null;
  scheduled_time?: string | null;
  cache_key?: string | null;
  cache_expiration?: string | null;
  deferred?: boolean | null;
  untrackable_result?: boolean;
  pause_timeout?: string | null;
  pause_reschedule?: boolean;
  pause_key?: string | null;
  run_input_keyset?: {
    [k: string]: string;
  } | null;
  refresh_cache?: boolean | null;
  retriable?: boolean | null;
  transition_id?: string | null;
  task_parameters_id?: string | null;
  traceparent?: string | null;
  deployment_concurrency_lease_id?: string | null;
}
export interface Log {
  id: string;
  created: string | null;
  updated: string | null;
  name: string;
  level: number;
  message: string;
  timestamp: string;
  flow_run_id?: string | null;
  task_run_id?: string | null;
}
export interface OrchestrationResult {
  state: State | null;
  status: SetStateStatus;
  details: StateAcceptDetails | StateWaitDetails | StateRejectDetails | StateAbortDetails;
}
export interface StateAcceptDetails {
  type?: "accept_details";
}
export interface StateWaitDetails {
  type?: "wait_details";
  delay_seconds: number;
  reason?: string | null;
}
export interface StateRejectDetails {
  type?: "reject_details";
  reason?: string | null;
}
export interface StateAbortDetails {
  type?: "abort_details";
  reason?: string | null;
}
export interface QueueFilter {
  tags?: string[] | null;
  deployment_ids?: string[] | null;
}
export interface WorkPoolCreate {
  name: string;
  description?: string | null;
  type?: string;
  base_job_template?: {
    [k: string]: unknown;
  };
  is_paused?: boolean;
  concurrency_limit?: number | null;
  storage_configuration?: WorkPoolStorageConfiguration;
}
export interface WorkPoolStorageConfiguration {
  bundle_upload_step?: {
    [k: string]: unknown;
  } | null;
  bundle_execution_step?: {
    [k: string]: unknown;
  } | null;
  default_result_storage_block_id?: string | null;
}
export interface WorkPoolResponse {
  id: string;
  created: string | null;
  updated: string | null;
  name: string;
  description?: string | null;
  type: string;
  base_job_template?: {
    [k: string]: unknown;
  };
  is_paused?: boolean;
  concurrency_limit?: number | null;
  status?: WorkPoolStatus | null;
  default_queue_id?: string | null;
  storage_configuration?: WorkPoolStorageConfiguration;
  active_slots?: number | null;
}
export interface WorkPoolUpdate {
  description?: string | null;
  is_paused?: boolean | null;
  base_job_template?: {
    [k: string]: unknown;
  } | null;
  concurrency_limit?: number | null;
  storage_configuration?: WorkPoolStorageConfiguration | null;
}
export interface WorkQueueCreate {
  name: string;
  description?: string | null;
  is_paused?: boolean;
  concurrency_limit?: number | null;
  priority?: number | null;
  /**
   * @deprecated
   */
  filter?: QueueFilter | null;
}
export interface WorkQueueResponse {
  id: string;
  created: string | null;
  updated: string | null;
  name: string;
  description?: string | null;
  is_paused?: boolean;
  concurrency_limit?: number | null;
  priority?: number;
  work_pool_id?: string | null;
  /**
   * @deprecated
   */
  filter?: QueueFilter | null;
  last_polled?: string | null;
  work_pool_name?: string | null;
  status?: WorkQueueStatus | null;
  active_slots?: number | null;
}
export interface WorkQueueUpdate {
  name?: string | null;
  description?: string | null;
  is_paused?: boolean;
  concurrency_limit?: number | null;
  priority?: number | null;
  last_polled?: string | null;
  /**
   * @deprecated
   */
  filter?: QueueFilter | null;
}
export interface WorkerResponse {
  id: string;
  created: string | null;
  updated: string | null;
  name: string;
  work_pool_id: string;
  last_heartbeat_time?: string | null;
  heartbeat_interval_seconds?: number | null;
  status?: "ONLINE" | "OFFLINE";
}
