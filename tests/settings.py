"""The suite's settings: the program's own, in a data directory that lasts for one run."""

import atexit
import os
import shutil
import tempfile

if "PYTEST_XDIST_WORKER" not in os.environ:
    # Workers of a parallel run inherit their parent's directory, and so its keys.
    _folder = tempfile.mkdtemp(prefix="fangxian-pytest.")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    os.environ["FANGXIAN_DATA"] = _folder
os.environ["FANGXIAN_ENV"] = "test"
os.environ["FANGXIAN_DEBUG"] = "0"
# Playwright keeps an event loop in the test's thread; the ORM is used from that thread alone all the same.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

from fangxian.config.settings import *  # noqa: F403 - the environment must be set before
