// Ctrl+Enter sends the query.
const sql = document.getElementById("sql");
sql.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sql.form.requestSubmit();
});
