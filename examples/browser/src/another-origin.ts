import { expect } from "../../typescript/src/check.ts";

/** Calls the manager from a frame whose origin it was not told of, and says what the frame gets. */
export async function anotherOrigin(baseUrl: string): Promise<string> {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts"); // its origin is `null`
  frame.srcdoc = `<script>
    const tell = (word) => parent.postMessage(word, "*");
    fetch("${baseUrl}/servers").then(() => tell("an answer"), () => tell("nothing"));
  </script>`;
  const told = new Promise<string>((resolve) => {
    addEventListener("message", ({ data }) => resolve(data), { once: true });
  });
  document.body.append(frame);
  const word = await told;
  expect(word === "nothing", `the frame got ${word}`);
  return `gets ${word}`;
}
