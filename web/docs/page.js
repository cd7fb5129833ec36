// Shows openapi.json, which the same service answers with. All text goes in as text, never as markup.
"use strict";

let api;
let key; // the input for the API key, which this page keeps nowhere else

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  for (const child of children) if (child !== null && child !== undefined) made.append(child);
  return made;
}

function resolved(value) {
  let found = value;
  while (found && found.$ref) found = found.$ref.slice(2).split("/").reduce((at, key) => at[key], api);
  return found;
}

// `words` between backticks are code, as in Markdown.
function prose(value) {
  const parts = value.trim().split("`");
  return parts.map((part, index) => (index % 2 ? element("code", {}, part) : part));
}

function text(value) {
  return element("p", {class: "text"}, ...prose(value));
}

function shown(value) {
  return element("pre", {}, typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

function refName(value) {
  return value.$ref ? value.$ref.split("/").pop() : null;
}

function typeOf(value) {
  const schema = resolved(value) || {};
  const any = schema.oneOf || schema.anyOf;
  if (any && !schema.properties) return any.map(typeOf).join(" or ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(", ");
  const name = [].concat(schema.type || "any").join(" or ");
  return schema.items ? `${name} of ${refName(schema.items) || typeOf(schema.items)}` : refName(value) || name;
}

function bounds(schema) {
  const known = ["minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "exclusiveMinimum", "pattern"];
  return known.filter((key) => key in schema).map((key) => `${key} ${schema[key]}`).join(", ");
}

function table(heads, rows) {
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", {scope: "col"}, head)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))))));
}

// The fields of an object, those of the objects in it too; each named schema once.
function fields(value, seen = new Set()) {
  const schema = resolved(value) || {};
  const parts = [];
  const name = refName(value);
  if (seen.has(schema)) return parts;
  seen.add(schema);
  if (schema.properties) {
    if (name) parts.push(element("h3", {}, name));
    const required = new Set(schema.required || []);
    parts.push(table(["field", "type", "meaning"], Object.entries(schema.properties).map(([key, inner]) => {
      const full = resolved(inner) || {};
      const words = [full.description, bounds(full)].filter(Boolean).join("; ");
      return [element("code", {}, key + (required.has(key) ? "" : "?")), typeOf(inner), element("span", {}, ...prose(words))];
    })));
  }
  const inside = [...Object.values(schema.properties || {}), ...(schema.oneOf || []), schema.items].filter(Boolean);
  for (const inner of inside) parts.push(...fields(inner, seen));
  return parts;
}

function examplesOf(media) {
  const many = Object.values(media.examples || {}).map((one) => [one.summary, one.value]);
  return "example" in media ? [["Example", media.example], ...many] : many;
}

function content(described) {
  const parts = [];
  for (const [type, media] of Object.entries((described && described.content) || {})) {
    parts.push(element("p", {}, element("code", {}, type)));
    for (const [title, value] of examplesOf(media)) parts.push(element("p", {}, title || ""), shown(value));
    parts.push(...fields(media.schema || {}));
  }
  return parts;
}

function trial(path, method, operation) {
  const media = operation.requestBody && operation.requestBody.content["application/json"];
  const body = media && element("textarea", {"aria-label": "Request body", spellcheck: "false"});
  if (body) body.value = JSON.stringify(examplesOf(media)[0][1], null, 2);
  const button = element("button", {type: "button"}, "Send");
  const answer = element("pre", {"aria-live": "polite", hidden: ""});
  button.addEventListener("click", async () => {
    button.disabled = true;
    answer.hidden = false;
    answer.textContent = "…";
    try {
      const headers = body ? {"Content-Type": "application/json"} : {};
      if (key.value) headers["X-API-Key"] = key.value;
      const options = {method: method.toUpperCase(), headers, body: body ? body.value : undefined};
      const response = await fetch(path.slice(1), options);
      answer.textContent = `${response.status} ${response.statusText}\n\n${await response.text()}`;
    } catch (failure) {
      answer.textContent = String(failure);
    }
    button.disabled = false;
  });
  return element("details", {}, element("summary", {}, "Try it"), body || "", button, answer);
}

function show(path, method, operation) {
  const parts = [
    element("h2", {id: operation.operationId}, element("span", {class: "method"}, method.toUpperCase()), " ", path),
    text(operation.summary || ""),
  ];
  if (operation.description) parts.push(text(operation.description));
  if (operation.parameters) {
    parts.push(element("h3", {}, "Headers"), table(["name", "meaning"], operation.parameters.map(resolved).map((one) =>
      [element("code", {}, one.name), element("span", {}, ...prose(one.description || ""))])));
  }
  if (operation.requestBody) {
    parts.push(element("h3", {}, "Request"), text(operation.requestBody.description || ""), ...content(operation.requestBody));
  }
  parts.push(element("h3", {}, "Answers"));
  for (const [code, value] of Object.entries(operation.responses)) {
    const answer = resolved(value);
    const headers = Object.entries(answer.headers || {}).map(([name, header]) =>
      [element("code", {}, name), element("span", {}, ...prose((resolved(header) || {}).description || ""))]);
    parts.push(element("details", {}, element("summary", {}, `${code}  `, ...prose(answer.description)),
      headers.length ? table(["header", "meaning"], headers) : "", ...content(answer)));
  }
  parts.push(trial(path, method, operation));
  return element("section", {}, ...parts);
}

async function main() {
  const place = document.getElementById("operations");
  try {
    api = await (await fetch("openapi.json")).json();
  } catch (failure) {
    place.replaceChildren(text(`openapi.json can't be read: ${failure}`));
    return;
  }
  document.title = `${api.info.title} ${api.info.version}: the HTTP interface`;
  document.getElementById("title").replaceChildren(api.info.title, " ", element("small", {}, api.info.version));
  document.getElementById("summary").textContent = api.info.summary;
  key = element("input", {type: "password", autocomplete: "off", "aria-label": "API key"});
  // Browsers want a form around it, which is never sent.
  const form = element("form", {}, element("label", {}, "API key for “Try it”, where the service asks for one: ", key));
  form.addEventListener("submit", (event) => event.preventDefault());
  place.replaceChildren(text(api.info.description), form);
  const list = element("ul", {});
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      list.append(element("li", {}, element("a", {href: `#${operation.operationId}`}, `${method.toUpperCase()} ${path}`)));
      place.append(show(path, method, operation));
    }
  }
  document.getElementById("contents").replaceChildren(list);
}

main();
