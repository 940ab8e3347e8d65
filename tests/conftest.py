"""Settings of the whole test run: two logical CPUs, no GPU, no display, no network."""

import os

# Before TensorFlow is imported. Child processes inherit the dead proxy, so they are offline too.
os.environ.update(
    CUDA_VISIBLE_DEVICES="",
    MPLBACKEND="Agg",
    TF_CPP_MIN_LOG_LEVEL="3",
    TF_ENABLE_ONEDNN_OPTS="1",  # as `framework` does, which is imported after TensorFlow here
    NO_GCE_CHECK="true",
    no_proxy="localhost,127.0.0.1",
    OMP_NUM_THREADS="1",  # scikit-learn's threads would wait, spinning, for cores of other tests
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"),
)

import contextlib
import signal
import socket
from pathlib import Path

import keras
import pytest
import tensorflow as tf

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.0.0.1", "::1", "localhost", "", None)

# Only possible before the first operation, and so here and not in a fixture.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)


@pytest.fixture(scope="session", autouse=True)
def no_network():
    """Make any connection beyond this machine fail at once, as it would without a network."""

    def guarded(function, host_of):
        def call(*args, **kwargs):
            host = host_of(args)
            if host not in LOOPBACK:
                raise ConnectionError(f"tests have no network: {host}")
            return function(*args, **kwargs)

        return call

    def peer(args):
        address = args[1]  # a Unix socket's address is a path, which is this machine
        return address[0] if isinstance(address, tuple) else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", guarded(socket.getaddrinfo, lambda args: args[0]))
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name), peer))
        yield


@pytest.fixture(scope="module", autouse=True)
def fresh_keras():
    """Drop the nets and names of the module before."""
    keras.utils.clear_session()


@pytest.fixture(autouse=True)
def seeded():
    """Start every test from the same seeds, whatever ran before it."""
    keras.utils.set_random_seed(0)


@contextlib.contextmanager
def eagerly():
    """Run tf.functions as plain Python: tracing a step takes longer than a few tiny iterations."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


@pytest.fixture
def eager():
    """Run the test `eagerly`."""
    with eagerly():
        yield


@pytest.fixture
def plotless(monkeypatch):
    """Draw no curves, which take a quarter of so short a run."""
    from framework.results import Run

    monkeypatch.setattr(Run, "plots", lambda self: [])


@pytest.fixture(autouse=True)
def interruptible():
    """Ctrl-C means what it does in a terminal; a shell's background jobs are born deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the project, or skip the test where there is none."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data beside the project: the real data sets are not here")
    return folder


@pytest.fixture
def run(tmp_path):
    """An empty, quiet run folder."""
    from framework.results import Run

    run = Run.open(tmp_path / "run", {"gan_type": "any"}, "command")
    run.quiet = True
    return run


@pytest.fixture(scope="session")
def classifier_path(tmp_path_factory) -> str:
    """The file of an untrained classifier of three classes."""
    from systems import save_classifier

    return save_classifier(tmp_path_factory.mktemp("classifier") / "net.keras")


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """Work in an empty folder, as results/ and data/ are relative to where the user is."""
    monkeypatch.chdir(tmp_path)
