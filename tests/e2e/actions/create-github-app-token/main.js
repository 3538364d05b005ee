// Asks the test's server for a token, with every input as the runner gave it: permissions too that
// action.yml does not name, which the real action reads from the environment in the same way.
const fs = require("node:fs");

async function main() {
  const inputs = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (name.startsWith("INPUT_") && value !== "") {
      inputs[name.slice("INPUT_".length).toLowerCase()] = value;
    }
  }
  const answer = await fetch(`${process.env.STAND_INS}/token`, {
    method: "POST",
    body: JSON.stringify({ inputs, repository: process.env.GITHUB_REPOSITORY }),
  });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(text);
  }
  console.log(`::add-mask::${text}`);
  fs.appendFileSync(process.env.GITHUB_OUTPUT, `token=${text}\n`);
}

main().catch((error) => {
  console.log(`::error::${error.message}`);
  process.exitCode = 1;
});
