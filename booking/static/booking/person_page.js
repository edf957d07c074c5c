/** The person's form: what concerns somebody else shows when it does. */
import "./hold.js";

const behalf = document.querySelector("#behalf");
const choices = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=for_whom]"));

function show() {
  const other = [...choices].some((choice) => choice.checked && choice.value === "other");
  if (behalf instanceof HTMLElement) behalf.hidden = !other;
}

for (const choice of choices) choice.addEventListener("change", show);
show();
document.querySelector("#errors")?.scrollIntoView({ block: "nearest" });
