-- What is done to the boolean that takes rows out of service.
SELECT FROM {TABLE} d WHERE d.{ACTIVE}
