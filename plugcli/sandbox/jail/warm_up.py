"""Warms up the libraries that a zygote has imported, so that no jail has to do it again.

The first table and the first plot of a process import more modules, build caches, search for fonts, and make Python specialise the code
that runs. Done here, this is memory that all jails share and time that no first call needs. It must not leave anything behind that a
program could notice.
"""

import contextlib
import io
import sys
from typing import Any

_TIMES = 12  # Python specialises code for the types that it meets after about 10 rounds


def all_of(modules: tuple[str, ...]) -> None:
    """Use each known module of `modules`. A failure here is ignored: the module would fail in the jail too."""
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
    if pandas := sys.modules.get("pandas"):  # it searches for its plotting backend at the first plot
        pandas.Series([1, 2]).plot.bar()
        pyplot.close()


_USES = {"numpy": _numpy, "pandas": _pandas, "matplotlib.pyplot": _pyplot}
