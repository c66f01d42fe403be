-- Third step: each carrier's worst month of the year, as one CSV file.
CREATE TEMPORARY VIEW delays USING parquet OPTIONS (path '${curated}delays/');

INSERT OVERWRITE DIRECTORY '${report}'
USING csv OPTIONS (header 'true')
SELECT /*+ COALESCE(1) */ carrier, name, month, flights, cancelled, mean_departure_delay, in_wet_weather
FROM (
  SELECT *, row_number() OVER (PARTITION BY carrier ORDER BY mean_departure_delay DESC, month) AS place
  FROM delays
)
WHERE place = 1
ORDER BY mean_departure_delay DESC, carrier;
