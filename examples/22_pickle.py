import copy
import pickle


class Account:
    def __init__(self, owner, balance):
        self.owner = owner
        self.balance = balance

    def __eq__(self, other):
        return (self.owner, self.balance) == (other.owner, other.balance)

    def __getstate__(self):
        return {"owner": self.owner, "balance": self.balance}


def main():
    account = Account("Ada", 10)
    restored = pickle.loads(pickle.dumps(account))
    return {
        "type": f"{type(restored).__module__}.{type(restored).__qualname__}",
        "equal": restored == account,
        "same": restored is account,
        "deepcopy": copy.deepcopy(account).__dict__,
    }
