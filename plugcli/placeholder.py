"""What the unfilled places of a template look like."""

import re

# Jinja's `{{ name }}` and `{% if %}`, the shell's `${NAME}`, ERB's `<%= name %>`, and `<your name>`.
# The lengths are bounded: a stranger's megabyte of {{{{ must not take the square of its time.
TEMPLATE = re.compile(
    r"\{\{[^{}\n]{0,80}\}\}|\{%[^%\n]{0,80}%\}|<%[^%\n]{0,80}%>|<[A-Za-z][\w -]{0,80}>"
    r"|\$\{\w{1,80}\}|(?<![\w$])\$[A-Za-z_]\w{1,80}"
)
