"""How the unfilled placeholders of a template look."""

import re

# Jinja's `{{ name }}` and `{% if %}`, the shell's `${NAME}`, ERB's `<%= name %>`, and `<your name>`.
# The lengths are bounded: an untrusted megabyte of {{{{ must not take quadratic time.
TEMPLATE = re.compile(
    r"\{\{[^{}\n]{0,80}\}\}|\{%[^%\n]{0,80}%\}|<%[^%\n]{0,80}%>|<[A-Za-z][\w -]{0,80}>"
    r"|\$\{\w{1,80}\}|(?<![\w$])\$[A-Za-z_]\w{1,80}"
)
