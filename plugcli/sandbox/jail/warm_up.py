"""What a zygote does with the libraries that it has imported, so that no jail has to do it again.

The first table and the first plot of a process import more, build caches, look for fonts, and have Python rewrite the code that they run:
all of that is memory that the jails then share, and time that the first call does not take. Nothing here may leave anything behind that a
program would notice.
"""

import contextlib
import io
import sys
from typing import Any

_TIMES = 12  # Python rewrites code for the types it meets after some 10 rounds


def all_of(modules: tuple[str, ...]) -> None:
    """Use each of `modules` that is known here; one that fails is as it would be in the jail."""
    for name in modules:
        use = _USES.get(name)
        if use is not None:
            with contextlib.suppress(Exception):
                for _ in range(_TIMES):
                    use(sys.modules[name])


def _numpy(numpy: Any) -> None:
    table = numpy.arange(12.0).reshape(3, 4)
    repr((table @ table.T).sum(axis=0) + table.mean())


def _pandas(pandas: Any) -> None:
    text = "name,day,count\nada,2024-01-01,1\nbob,2024-01-02,2\nada,2024-01-03,4\n"
    table = pandas.read_csv(io.StringIO(text), parse_dates=["day"])
    repr(table)
    repr(table.describe())
    repr(table.groupby("name")["count"].agg(["sum", "mean"]))
    table[table["count"] > 1].sort_values("count").to_csv(io.StringIO())
    table._repr_html_()
    pandas.DataFrame({"a": [1, 2]}).a.sum()


def _pyplot(pyplot: Any) -> None:
    figure, axes = pyplot.subplots()
    axes.plot([1, 2, 4], label="count")
    axes.set_title("title")
    axes.legend()
    figure.tight_layout()
    figure.savefig(io.BytesIO(), format="png")
    pyplot.close(figure)
    if pandas := sys.modules.get("pandas"):  # it looks for what draws its plots at the first one
        pandas.Series([1, 2]).plot.bar()
        pyplot.close()


_USES = {"numpy": _numpy, "pandas": _pandas, "matplotlib.pyplot": _pyplot}
