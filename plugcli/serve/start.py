"""From the options of `plugcli serve` to a Service that is ready to run: token, plugin, sockets, the plugin's code."""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial

from plugcli.bearer_token import take_token
from plugcli.builtin.python.terms import Terms, served_on
from plugcli.sandbox import Sandbox
from plugcli.serve.listen import listen
from plugcli.serve.load import load_code
from plugcli.serve.options import Options
from plugcli.serve.service import Service
from plugcli.serve.site import site
from plugcli.serve.source import CODE_FILE, Source, source_of
from plugcli.serve.token import require_token


@contextmanager
def service_of(
    options: Options, environment: MutableMapping[str, str], built_in: Callable[[], Source]
) -> Iterator[Service]:
    """Give the Service that `options` ask for, whose sockets listen until the end.

    The token is taken out of `environment`, before the plugin's code runs. Without a folder that is a plugin, `built_in()` is served.
    Raises PlugcliError where something is not as it must be.
    """
    policy, modules = options.policy(), options.modules()
    token = take_token(options.token_file, environment)
    source = source_of(options.folder, built_in)
    with listen(options.host, options.port) as listener:
        if not listener.is_loopback and token is None:
            raise require_token(options.host)
        place = site(
            options.host,
            listener.port,
            is_loopback=listener.is_loopback,
            allowed=options.allow_origin,
        )
        terms = Terms(options.answer_characters, options.stateless, origin=place.origin)
        engine = partial(Sandbox, policy, python=options.python, preload=modules)
        text = source.code()
        with served_on(terms):  # before the code runs, which may make its routes at once
            code = None if text is None else load_code(text, f"{source.name}/{CODE_FILE}", source.folder)
            yield Service(source, code, listener, place, token, terms, policy.wall_seconds_max, engine)
