// kubernetes.mjs FILE...: holds every document of these YAML files against the schema of its kind, which knows the values, and
// against the type of its kind, which knows the fields. Exit code 1 when a document is wrong, or has a kind that is not known.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { problems } from "./types.mjs";

const load = createRequire(`${process.cwd()}/`);
const yaml = load("js-yaml");

function moduleOf(document) {
  const [version, group] = document.apiVersion.split("/").reverse();
  const places = [
    `kubernetes-models/${group ? document.apiVersion : version}`,
    `@kubernetes-models/knative/${group}/${version}`,
    `@kubernetes-models/prometheus-operator/${group}/${version}`,
  ];
  return places.find((place) => {
    try {
      return load(place)[document.kind];
    } catch (error) {
      if (error.code === "MODULE_NOT_FOUND" || error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return false;
      throw error;
    }
  });
}

function wrongValue(document) {
  const place = moduleOf(document);
  if (!place) return "no schema is known for this kind";
  try {
    new (load(place)[document.kind])(structuredClone(document)).validate();
    return undefined;
  } catch (error) {
    return error.message;
  }
}

// Cloud Run has start-up probes; Knative's types of this version have none yet.
function asKnown(document) {
  const known = structuredClone(document);
  if (document.apiVersion.startsWith("serving.knative.dev/")) {
    for (const container of known.spec.template.spec.containers) delete container.startupProbe;
  }
  return known;
}

// One program for all documents: the compiler takes its time to read the types.
function wrongFields(documents) {
  return problems(documents.map((document, at) => [
    `import type { I${document.kind} as Kind${at} } from "${moduleOf(document)}";`,
    `export const document${at}: Kind${at} = ${JSON.stringify(asKnown(document), null, 1)};`,
  ].join("\n")).join("\n"));
}

// As someone might get it wrong: a value of the wrong type, and a field that does not exist.
function spoilt(document) {
  const value = structuredClone(document);
  const field = structuredClone(document);
  value.metadata.name = ["not", "a", "text"];
  field[document.spec ? "spec" : "metadata"].noSuchField = 1;
  return { value, field };
}

const documents = process.argv.slice(2).flatMap((file) => yaml.loadAll(readFileSync(file, "utf8"))).filter(Boolean);
const found = [];
for (const document of documents) {
  const name = `${document.apiVersion} ${document.kind} ${document.metadata?.name}`;
  const problem = wrongValue(document);
  if (problem) found.push(`${name}: ${problem}`);
  else if (!wrongValue(spoilt(document).value)) found.push(`${name}: the schema takes a wrong value`);
  else console.log(`valid  ${name}`);
}
const known = documents.filter(moduleOf);
found.push(...wrongFields(known));
const refused = wrongFields(known.map((document) => spoilt(document).field)).filter((text) => text.includes("noSuchField"));
if (refused.length !== known.length) found.push(`the types take a field that does not exist, in ${known.length - refused.length}`);
for (const problem of found) console.log(`WRONG  ${problem}`);
process.exit(found.length ? 1 : 0);
