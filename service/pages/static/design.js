// Starts the Design System's own script, which lies beside its stylesheet.
const design = document.querySelector('link[href*="/static/design/"]')
document.body.classList.add("js-enabled", "govuk-frontend-supported")
const { initAll } = await import(design.href.replace(/\.css$/, ".js"))
initAll()
