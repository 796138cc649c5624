# SPDX-License-Identifier: Apache-2.0
"""How Sphinx makes the site. build.py calls it, with the pages of all folders gathered in one."""

import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # build.py's too, but Sphinx may be called by itself

project = "capauth"
author = "the authors of capauth"
copyright = "the authors of capauth, Apache-2.0"  # noqa: A001  # Sphinx's name
extensions = ["myst_parser", "sphinx_design", "sphinx_copybutton", "generator.directives"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
exclude_patterns = ["programs"]
nitpicky = True
smartquotes_action = "qe"  # quotation marks, but no dashes: --option stays one

html_theme = "furo"
html_title = "capauth"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_sourcelink = False
# A summary of a hit is fetched, which a browser refuses to a page that is a file.
html_show_search_summary = False
html_theme_options = {
    "navigation_with_keys": True,
    "top_of_page_buttons": [],
    "light_css_variables": {"color-brand-primary": "#8a3a12", "color-brand-content": "#8a3a12"},
    "dark_css_variables": {"color-brand-primary": "#f0a47c", "color-brand-content": "#f0a47c"},
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
copybutton_prompt_text = "$ "
