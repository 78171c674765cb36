// A box that scrolls can be reached with the keyboard.
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".scroll, .cell_output, .cell_output .output, .pst-scrollable-table-container, .bd-article pre")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", "wider than the page: scroll with the arrow keys");
    }
  }
});
