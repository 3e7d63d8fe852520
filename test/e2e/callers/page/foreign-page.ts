/** Every way in which a page asks for a URL without being asked itself; each URL tells which it was. */
export function foreignPage(urlFor: (way: string) => string, next: string | undefined): string {
  const ways = Object.entries(scripts).map(([way, script]) => {
    return `try { ((url) => { ${script} })(${JSON.stringify(urlFor(way))}); } catch (error) { console.error(error); }`;
  });
  // The next page begins when this one has asked for everything.
  const onward = next === undefined ? "" : `setTimeout(() => { location.href = ${JSON.stringify(next)}; }, 1000);`;
  return `<!doctype html><meta charset="utf-8"><title>page</title><body><script>
    const add = (tag, attributes) => document.body.append(Object.assign(document.createElement(tag), attributes));
    const submit = (attributes) => {
      const form = Object.assign(document.createElement("form"), attributes);
      const { search, searchParams } = new URL(attributes.action);
      for (const [name, value] of search ? searchParams : []) {
        form.append(Object.assign(document.createElement("input"), { name, value }));
      }
      const frame = Object.assign(document.createElement("iframe"), { name: "f" + Math.random() });
      form.target = frame.name;
      document.body.append(frame, form);
      form.submit();
    };
    ${ways.join("\n")}
    ${onward}
  </script>`;
}

const scripts = {
  image: `add("img", { src: url })`,
  script: `add("script", { src: url })`,
  module: `add("script", { type: "module", src: url })`,
  stylesheet: `add("link", { rel: "stylesheet", href: url })`,
  background: `document.body.style.backgroundImage = "url('" + url + "')"`,
  frame: `add("iframe", { src: url })`,
  "sandboxed frame": `add("iframe", { sandbox: "allow-scripts", srcdoc: "<img src='" + url.replaceAll("'", "%27") + "'>" })`,
  object: `add("object", { data: url, type: "text/html" })`,
  "image without a referrer": `add("img", { referrerPolicy: "no-referrer", src: url })`,
  "no-cors fetch": `fetch(url, { mode: "no-cors" }).catch(() => {})`,
  "no-cors HEAD": `fetch(url, { mode: "no-cors", method: "HEAD" }).catch(() => {})`,
  "cors fetch": `fetch(url).catch(() => {})`,
  "preflighted fetch": `fetch(url, { headers: { "connect-protocol-version": "1" } }).catch(() => {})`,
  "event source": `new EventSource(url)`,
  "web socket": `new WebSocket(url.replace("http", "ws"))`,
  beacon: `navigator.sendBeacon(url, "{}")`,
  "form by GET": `submit({ method: "GET", action: url })`,
  "form by POST": `submit({ method: "POST", enctype: "text/plain", action: url })`,
  "opened window": `window.open(url)`,
};

export const ways = Object.keys(scripts);
