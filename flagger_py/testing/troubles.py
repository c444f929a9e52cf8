"""When controller processes are down, and when their clocks jump."""

from functools import partial

from flagger_py.testing.agenda import Agenda
from flagger_py.testing.clock import VirtualClock
from flagger_py.testing.faults import Faults
from flagger_py.testing.process import Process


class Troubles:
    """Puts restarts, outages and clock jumps on the agenda as the rates of *faults* say."""

    def __init__(self, faults: Faults, agenda: Agenda, clock: VirtualClock) -> None:
        self._faults = faults
        self._agenda = agenda
        self._clock = clock

    def plan(self, process: Process) -> None:
        """Plan the first outage and the first clock jump of *process*."""
        self._plan_outage(process)
        self._plan_jump(process)

    def restart(self, process: Process) -> None:
        """End *process* now, and start it after a while."""
        self._down(process, self._faults.seconds(self._faults.rates.restart_s_max))

    def _plan_outage(self, process: Process) -> None:
        wait_s = self._faults.next_s(self._faults.rates.outages_per_hour)
        if wait_s is not None:
            self._agenda.add(self._clock.elapsed_s + wait_s, partial(self._outage, process))

    def _plan_jump(self, process: Process) -> None:
        wait_s = self._faults.next_s(self._faults.rates.jumps_per_hour)
        if wait_s is not None:
            self._agenda.add(self._clock.elapsed_s + wait_s, partial(self._jump, process))

    def _outage(self, process: Process) -> None:
        if process.up and self._faults.rates.outages_per_hour:
            self._down(process, self._faults.seconds(self._faults.rates.outage_s_max))
        self._plan_outage(process)

    def _jump(self, process: Process) -> None:
        longest_s = self._faults.rates.jump_s_max
        process.skew_s = self._faults.seconds(2 * longest_s) - longest_s
        self._plan_jump(process)

    def _down(self, process: Process, for_s: float) -> None:
        process.end()
        process.returning = True
        life = process.cluster
        self._agenda.add(self._clock.elapsed_s + for_s, partial(self._up, process, life))

    def _up(self, process: Process, life: object) -> None:
        if process.cluster is life and not process.up:
            process.start()
