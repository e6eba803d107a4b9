// Single keys, holding on to an item, and a question before typed words are left behind.
// Everything on the pages works without this file.

document.body.classList.add("js-enabled")

const form = document.getElementById("work")
const held = document.getElementById("held")
const warning = document.getElementById("warning")
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"
const WARN_BEFORE = 120 // seconds
const LOOK_EVERY = 10 // seconds

// Keys (WCAG 2.1.4): only where the officer left them on, never inside a field, never with another key held.
// Esc leaves a field; Enter in one of many fields sends nothing, for nobody could tell which button is meant.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches?.(FIELDS)) event.target.blur()
  if (event.key === "Enter" && event.target.matches?.("#work input[type=text]")) event.preventDefault()
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return
  if (event.target instanceof Element && event.target.closest(FIELDS)) return
  const pressed = event.key.toLowerCase()
  const button = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === pressed)
  if (!button) return
  event.preventDefault()
  if (button.matches(FIELDS)) button.focus()
  else button.click()
})

// A form goes once; the server would do it once anyway. After a file the page stays, and another may be taken.
let sent = false
document.addEventListener("submit", (event) => {
  if (event.submitter?.matches("[data-file]")) return
  if (sent) event.preventDefault()
  sent = true
})
window.addEventListener("pageshow", () => {
  sent = false
})

// What was typed is not left behind without a question.
const isTyped = (each) => each.matches("textarea, input[type=text]") && each.value !== each.defaultValue
window.addEventListener("beforeunload", (event) => {
  if (form && !sent && [...form.elements].some(isTyped)) event.preventDefault()
})

// Holding on: while the officer works the hold is renewed; who stops is warned two minutes before it ends.
if (held) {
  let ends = performance.now() + Number(held.dataset.left) * 1000
  let length = ends - performance.now()
  let active = false
  let lost = false

  const say = (words, withButton) => {
    warning.hidden = false
    warning.textContent = words
    if (!withButton) return
    const button = document.createElement("button")
    button.type = "button"
    button.className = "heard-link"
    button.textContent = "Keep it"
    button.addEventListener("click", renew)
    warning.append(" ", button)
  }

  const renew = async () => {
    active = false
    try {
      const answer = await fetch(held.dataset.renew, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams({ fence: form.elements.fence.value }),
      })
      const told = await answer.json()
      if (!answer.ok) {
        lost = true
        say(`${told.detail} What you typed is still here.`, false)
        return
      }
      length = told.left * 1000
      ends = performance.now() + length
      held.querySelector("[data-clock]").textContent = told.clock
      warning.hidden = true
    } catch {
      say("heard cannot be reached just now. What you typed is still here.", true)
    }
  }

  for (const kind of ["keydown", "pointerdown", "input", "wheel"]) {
    document.addEventListener(kind, () => { active = true }, { passive: true })
  }

  const look = () => {
    if (lost) return
    const left = ends - performance.now()
    if (left < 0) say("Your hold on this item has ended. You can still decide, unless somebody else takes it.", true)
    else if (active && left < length / 2) renew()
    else if (left < WARN_BEFORE * 1000 && warning.hidden) say("Your hold on this item ends in about two minutes.", true)
  }
  setInterval(look, LOOK_EVERY * 1000)
  look()
}
