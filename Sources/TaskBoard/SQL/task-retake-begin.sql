-- A lock that is taken after it can be let go before the end of the transaction.
SAVEPOINT retake
