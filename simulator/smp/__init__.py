"""The Single Markets Platform's API: its routes, names and limits come from the contract in force."""

from __future__ import annotations

from simulator.contracts import Contract
from simulator.settings import Settings
from simulator.smp.admission import whose
from simulator.smp.authenticate import authenticate, compare_password, whose_user
from simulator.smp.batches import create_assets, create_unit
from simulator.smp.keys import give_keys, need_key
from simulator.smp.reader import ContractReader
from simulator.smp.signatures import (
    open_signed,
    sign_answer,
    sign_answer_beside,
    told_of_signed,
    told_of_signed_beside,
)
from simulator.smp.transactions import tell_status
from simulator.wire import WireCall

__all__ = ["ContractReader", "calls"]

SURFACE = "smp"


def calls(contract: Contract, settings: Settings) -> list[WireCall]:
    """The calls of the SMP: operationId of the contract -> what it does."""
    of = contract.operations
    signs = settings.smp_sign_answers
    return [
        # A good password and a token take tens of milliseconds.
        WireCall(SURFACE, of["authenticate"], authenticate, whose_user, open=open_signed, prepare=compare_password,
                 seal=sign_answer_beside, sealed_as=told_of_signed_beside, takes_long=True, secret=True,
                 known_by_body=True),
        WireCall(SURFACE, of["getKeys"], give_keys, whose, prepare=need_key, takes_long=True),
        *(WireCall(SURFACE, of[name], perform, whose, open=open_signed, seal=sign_answer, sealed_as=told_of_signed,
                   takes_long=signs)
          for name, perform in (("createAssets", create_assets), ("createUnit", create_unit),
                                ("getTransactionStatus", tell_status))),
    ]
