import { serversFolder } from "../../runtime/process/test-processes.ts";
import { describeSecrets } from "./secrets.ts";

describeSecrets({
  runtime: "process",
  spec: (program) => ({ image: "none", command: [process.execPath, "-e", program], workingDir: serversFolder }),
});
