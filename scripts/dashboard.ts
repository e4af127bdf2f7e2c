/** Makes the Grafana dashboard from its panels as data; `npm run docs` writes it, and a test compares. */
import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  LegendDisplayMode,
  LegendPlacement,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DatasourceVariableBuilder,
  MappingType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  type ValueMap,
  VariableRefresh,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimelineBuilder } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as TableBuilder } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as SeriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { type PanelSpec, type RowSpec, rows } from "./dashboard/panels.ts";

export const dashboardFile = "monitoring/grafana/sails-supervisor.json";

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana puts the value in
const source = { type: "prometheus", uid: "${datasource}" };
const matchers = 'job=~"$job", instance=~"$instance"';

/** The queries with the given matchers in the place of Grafana's variables; for a test. */
export const queriesWith = (
  chosen: string,
  interval: string,
): readonly (readonly [string, string])[] =>
  rows.flatMap(({ panels }) =>
    panels.map(({ title, query }) => {
      const whole = query.replaceAll("§", chosen);
      return [
        title,
        whole.replaceAll("$__rate_interval", interval).replaceAll("$__range", interval),
      ];
    }),
  );

export function dashboardJson(): string {
  const dashboard = new DashboardBuilder("Sails / Supervisor")
    .uid("sails-supervisor")
    .description("Prefect's server, workers, pools and flow runs, as sails-supervisor keeps them.")
    .tags(["sails", "prefect"])
    .readonly()
    .refresh("30s")
    .time({ from: "now-6h", to: "now" })
    .timezone("browser")
    .withVariable(
      new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"),
    )
    .withVariable(choice("job", "Job", "label_values(sails_build_info, job)"))
    .withVariable(
      choice("instance", "Instance", 'label_values(sails_build_info{job=~"$job"}, instance)'),
    )
    .annotation(
      event("Starts of the supervisor", "blue", "changes(process_start_time_seconds{§}[1m]) > 0"),
    )
    .annotation(event("Reloads", "purple", "increase(sails_config_reloads_total{§}[1m]) > 0"));
  for (const row of rows) addRow(dashboard, row);
  return `${JSON.stringify(dashboard.build(), undefined, 2)}\n`;
}

function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .allValue(".+");
}

const event = (name: string, color: string, expr: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(source)
    .enable(true)
    .iconColor(color)
    .expr(expr.replaceAll("§", matchers));

/** Of a collapsed row, the panels lie inside. */
function addRow(dashboard: DashboardBuilder, { title, isCollapsed, panels }: RowSpec): void {
  const row = new RowBuilder(title);
  if (!isCollapsed) {
    dashboard.withRow(row);
    for (const panel of panels) dashboard.withPanel(panelOf(panel));
    return;
  }
  row.collapsed(true);
  for (const panel of panels) row.withPanel(panelOf(panel));
  dashboard.withRow(row);
}

function panelOf(panel: PanelSpec): cog.Builder<Panel> {
  switch (panel.kind) {
    case "stat":
      return common(new StatBuilder(), panel)
        .height(4)
        .span(4)
        .colorMode(BigValueColorMode.Value)
        .graphMode(BigValueGraphMode.None)
        .textMode(panel.showsNames === true ? BigValueTextMode.Name : BigValueTextMode.Auto);
    case "timeseries":
      return common(new SeriesBuilder(), panel)
        .height(8)
        .span(8)
        .min(0)
        .legend(legend())
        .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
    case "state-timeline":
      return common(new TimelineBuilder(), panel).height(8).span(12).legend(legend());
    case "table":
      return common(new TableBuilder(), panel).height(8).span(8);
    default:
      return panel.kind satisfies never;
  }
}

const legend = (): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true);

interface AnyPanel<Self> {
  title(title: string): Self;
  description(text: string): Self;
  unit(unit: string): Self;
  datasource(ref: typeof source): Self;
  mappings(mappings: ValueMap[]): Self;
  withTarget(target: DataqueryBuilder): Self;
}

function common<Self extends AnyPanel<Self>>(builder: Self, panel: PanelSpec): Self {
  const { title, about, unit, query, legend: names, meanings, kind } = panel;
  const target = new DataqueryBuilder()
    .refId("A")
    .expr(query.replaceAll("§", matchers))
    .legendFormat(names);
  const isNow = kind === "stat" || kind === "table";
  if (isNow) target.instant();
  else target.range();
  if (kind === "table") target.format(PromQueryFormat.Table);
  const whole = builder
    .title(title)
    .description(about)
    .unit(unit)
    .datasource(source)
    .withTarget(target);
  return meanings === undefined ? whole : whole.mappings([mappingOf(meanings)]);
}

function mappingOf(meanings: NonNullable<PanelSpec["meanings"]>): ValueMap {
  const options = meanings.map(([text, color], index) => [String(index), { text, color, index }]);
  return { type: MappingType.ValueToText, options: Object.fromEntries(options) };
}
