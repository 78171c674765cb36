"""Sphinx's settings of the site: no page is executed, nothing is fetched, one light theme."""

project = "Cultural alignment in multilingual LLMs"
author = "the authors of this repository; the paper is by Negru, Lemnaru, Surdeanu and Potolea"
extensions = ["myst_nb"]
exclude_patterns = ["README.md"]
nb_execution_mode = "off"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_ipywidgets_js = {}
myst_enable_extensions = ["colon_fence", "deflist", "attrs_block"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header", "myst.xref_missing"]

html_theme = "sphinx_book_theme"
html_title = "Cultural alignment in multilingual LLMs"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_search_summary = False  # a summary is fetched, which a page opened from a file may not do
html_show_sourcelink = False
html_last_updated_fmt = None
html_context = {"default_mode": "light"}
html_theme_options = {
    "article_header_start": ["toggle-primary-sidebar.html"],
    "article_header_end": ["search-button.html", "toggle-secondary-sidebar.html"],
    "navbar_persistent": [],
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_navbar_depth": 1,
    "pygments_light_style": "a11y-high-contrast-light",
}
