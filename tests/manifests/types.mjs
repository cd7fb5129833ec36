// What TypeScript's compiler finds wrong with a program that lies in the present folder, where the packages are too.
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

const typescript = createRequire(`${process.cwd()}/`)("typescript");

export function problems(text) {
  const file = path.resolve("checked.ts");
  const options = { noEmit: true, strict: true, skipLibCheck: true, target: typescript.ScriptTarget.ES2022,
    module: typescript.ModuleKind.Node16, moduleResolution: typescript.ModuleResolutionKind.Node16, types: [] };
  const host = typescript.createCompilerHost(options);
  const real = { read: host.readFile, exists: host.fileExists, source: host.getSourceFile };
  host.fileExists = (name) => name === file || real.exists.call(host, name);
  host.readFile = (name) => (name === file ? text : real.read.call(host, name));
  host.getSourceFile = (name, ...more) =>
    name === file ? typescript.createSourceFile(name, text, typescript.ScriptTarget.ES2022) : real.source.call(host, name, ...more);
  return typescript.getPreEmitDiagnostics(typescript.createProgram([file], options, host)).map((one) => {
    const line = one.file === undefined ? 0 : one.file.getLineAndCharacterOfPosition(one.start).line;
    return `${text.split("\n")[line].trim()}: ${typescript.flattenDiagnosticMessageText(one.messageText, " ")}`;
  });
}
