// dashboard.mjs FILE: holds a dashboard against Grafana's own types, by the TypeScript compiler: fields that do not exist, values
// of the wrong type and fields that are missing are errors. Queries and options of a panel go by the panel's type.
import { readFileSync } from "node:fs";
import process from "node:process";
import { problems } from "./types.mjs";

const OPTIONS = { stat: "stat.Options", timeseries: "timeseries.Options" };
const HEAD = `
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
// JSON has words where the types have enumerations, and may leave out what has a default.
type Plain<T> = 0 extends 1 & T ? any : T extends (...of: any) => any ? never : T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T : T extends (infer U)[] ? Plain<U>[] : { [K in keyof T]: Plain<T[K]> };
type Query = Omit<Plain<prometheus.Dataquery>, "_implementsDataqueryVariant">;
type Panel<O> = Omit<Plain<dashboard.Panel>, "options" | "targets"> & { options?: Partial<Plain<O>>; targets: Query[] };
type Annotation = Partial<Plain<dashboard.AnnotationQuery>> & { expr: string };
type Whole = Omit<Plain<dashboard.Dashboard>, "panels" | "annotations">;
`;

function program(document) {
  const { panels, annotations, ...whole } = document;
  const parts = [HEAD, `export const whole: Whole = ${JSON.stringify(whole, null, 1)};`];
  panels.forEach((panel, at) => {
    const type = panel.type === "row" ? "Plain<dashboard.RowPanel>" : `Panel<${OPTIONS[panel.type] ?? `"no type is known for ${panel.type}"`}>`;
    parts.push(`export const panel${at}: ${type} = ${JSON.stringify(panel, null, 1)};`);
  });
  parts.push(`export const annotations: Annotation[] = ${JSON.stringify(annotations.list, null, 1)};`);
  return parts.join("\n");
}

const document = JSON.parse(readFileSync(process.argv[2], "utf8"));
const found = problems(program(document));
// As someone might get it wrong, so that the types are known to look.
const wrong = structuredClone(document);
wrong.panels.find((panel) => panel.targets).targets[0].exprr = "up";
wrong.panels.find((panel) => panel.gridPos).gridPos.w = "wide";
if (problems(program(wrong)).length < found.length + 2) found.push("the types take a wrong dashboard");
for (const problem of found) console.log(`WRONG  dashboard: ${problem}`);
if (!found.length) console.log(`valid  dashboard ${document.title}: ${document.panels.length} panels`);
process.exit(found.length ? 1 : 0);
