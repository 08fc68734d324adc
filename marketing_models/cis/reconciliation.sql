-- 勾稽: what must agree between the rows of a store. One statement a table; each column after
-- "key" is one rule: true broken, false kept, empty where the rule does not apply. Large tables
-- are taken county by county, but in statements marked "whole".
-- A bare name is the table's current rows of the unit, "<table>_versions" all their versions,
-- "<table>_all" all versions of all units: what a row refers to may have left long ago.

-- name: bill
-- errors: bill_energy_is_its_bands bill_amount_is_its_parts bill_is_catalogue_or_market
-- warnings: industry_has_no_catalogue_price
SELECT
  b.bill_id AS key,
  CASE WHEN coalesce(b.critical_peak_energy_kwh, b.peak_energy_kwh, b.flat_energy_kwh,
                     b.valley_energy_kwh) IS NOT NULL THEN
    abs(coalesce(b.critical_peak_energy_kwh, 0) + coalesce(b.peak_energy_kwh, 0)
        + coalesce(b.flat_energy_kwh, 0) + coalesce(b.valley_energy_kwh, 0)
        - b.energy_kwh) > 0.04 END AS bill_energy_is_its_bands,
  CASE WHEN b.parts > 0 THEN
    abs(coalesce(b.catalogue_charge_yuan, 0)
        + CASE WHEN coalesce(b.catalogue_charge_yuan, 0) <> 0
               THEN coalesce(b.capacity_charge_yuan, 0) ELSE 0 END
        + coalesce(b.energy_charge_yuan, 0) + coalesce(b.upstream_loss_charge_yuan, 0)
        + coalesce(b.network_charge_yuan, 0) + coalesce(b.system_operation_charge_yuan, 0)
        + coalesce(b.government_surcharge_yuan, 0) + coalesce(b.power_factor_adjustment_yuan, 0)
        + coalesce(b.other_charge_yuan, 0) - b.receivable_yuan) > 0.01 * b.parts
    END AS bill_amount_is_its_parts,
  CASE WHEN coalesce(b.catalogue_charge_yuan, 0) <> 0 THEN
    coalesce(b.energy_charge_yuan, 0) <> 0 OR coalesce(b.network_charge_yuan, 0) <> 0
    END AS bill_is_catalogue_or_market,
  -- Catalogue prices for industry and commerce ended with May 2023.
  CASE WHEN b.month_start >= DATE '2023-06-01' AND p.is_industry THEN
    coalesce(b.catalogue_charge_yuan, 0) <> 0 END AS industry_has_no_catalogue_price
FROM (
  SELECT *,
    CAST(catalogue_charge_yuan IS NOT NULL AS INTEGER)
    + CAST(energy_charge_yuan IS NOT NULL AS INTEGER)
    + CAST(upstream_loss_charge_yuan IS NOT NULL AS INTEGER)
    + CAST(network_charge_yuan IS NOT NULL AS INTEGER)
    + CAST(system_operation_charge_yuan IS NOT NULL AS INTEGER)
    + CAST(government_surcharge_yuan IS NOT NULL AS INTEGER)
    + CAST(power_factor_adjustment_yuan IS NOT NULL AS INTEGER)
    + CAST(other_charge_yuan IS NOT NULL AS INTEGER) AS parts
  FROM bill) AS b
LEFT JOIN (
  SELECT supply_point_id, min(tariff_class_code) = 'industrial_commercial'
         AND max(tariff_class_code) = 'industrial_commercial' AS is_industry
  FROM supply_point_all GROUP BY supply_point_id) AS p
  ON p.supply_point_id = b.supply_point_id;

-- name: bill
-- errors: reversal_is_the_negative_of_its_bill
SELECT
  r.bill_id AS key,
  CASE WHEN r.reversed_bill_id IS NULL THEN true
       WHEN b.bill_id IS NOT NULL THEN r.receivable_yuan <> -b.receivable_yuan
         OR r.energy_kwh <> -b.energy_kwh END AS reversal_is_the_negative_of_its_bill
FROM (SELECT * FROM bill WHERE bill_type_code = 'reversal') AS r
LEFT JOIN bill AS b ON b.bill_id = r.reversed_bill_id;

-- name: payment_allocation
-- warnings: bill_is_received_as_allocated
SELECT
  b.bill_id AS key,
  abs(b.received_yuan - coalesce(a.allocated_yuan, 0)) > 0.005 AS bill_is_received_as_allocated
FROM (SELECT bill_id, received_yuan FROM bill WHERE received_yuan IS NOT NULL) AS b
LEFT JOIN (
  SELECT bill_id, sum(allocated_yuan) AS allocated_yuan
  FROM payment_allocation GROUP BY bill_id) AS a
  ON a.bill_id = b.bill_id;

-- name: payment_allocation
-- errors: allocations_are_within_the_payment
SELECT
  a.payment_id AS key,
  -- What a reversal takes back is negative, and no more than it either.
  (a.allocated_yuan - p.paid_yuan) * CASE WHEN p.paid_yuan < 0 THEN -1 ELSE 1 END > 0.005
    OR a.allocated_yuan * p.paid_yuan < 0 AS allocations_are_within_the_payment
FROM (
  SELECT payment_id, sum(allocated_yuan + allocated_late_charge_yuan) AS allocated_yuan
  FROM payment_allocation GROUP BY payment_id) AS a
JOIN payment AS p ON p.payment_id = a.payment_id;

-- name: bank_statement_line
-- warnings: bank_line_is_its_payment
SELECT
  coalesce(l.bank_reference, p.bank_reference) AS key,
  coalesce(l.paid_yuan <> p.paid_yuan, true) AS bank_line_is_its_payment
FROM (
  SELECT bank_reference, sum(paid_yuan) AS paid_yuan
  FROM bank_statement_line GROUP BY bank_reference) AS l
FULL JOIN (
  SELECT bank_reference, sum(paid_yuan) AS paid_yuan
  FROM payment WHERE bank_reference IS NOT NULL AND booked_at IS NOT NULL
  GROUP BY bank_reference) AS p
  ON p.bank_reference = l.bank_reference;

-- name: meter_reading
-- errors: energy_is_the_difference_of_the_indexes
SELECT
  r.meter_id || ' ' || r.register_code || ' ' || CAST(r.reading_date AS VARCHAR) AS key,
  -- A meter's last reading is that of the day it left.
  abs(r.energy_kwh - (r.closing_index - r.opening_index) * m.meter_ratio)
    > 0.01 * m.meter_ratio + 0.000001 AS energy_is_the_difference_of_the_indexes
FROM meter_reading AS r
LEFT JOIN meter_installation_all AS m
  ON m.meter_id = r.meter_id AND m.valid_from < r.reading_date
  AND (m.valid_to IS NULL OR r.reading_date <= m.valid_to);

-- name: customer_load
-- warnings: intervals_add_up_to_the_day
SELECT
  supply_point_id || ' ' || direction_code || ' ' || CAST(reading_date AS VARCHAR) AS key,
  abs(({interval_sum}) / 4.0 - daily_energy_wh) > 0.01 * abs(daily_energy_wh)
    AS intervals_add_up_to_the_day
FROM customer_load;

-- name: equipment_load
-- warnings: sold_is_within_supplied
SELECT
  equipment_id || ' ' || CAST(period_start AS VARCHAR) AS key,
  sold_energy_kwh > supplied_energy_kwh AS sold_is_within_supplied
FROM equipment_load;

-- name: unit_energy
-- errors: total_is_its_sectors total_is_its_balance
SELECT
  unit_id || ' ' || CAST(period_start AS VARCHAR) || ' ' || scope_code AS key,
  abs(total - primary_ - secondary - tertiary - residential) > 0.05 AS total_is_its_sectors,
  abs(total - sold - line_loss - coalesce(plant_own_use, 0) - coalesce(self_consumed, 0)) > 0.05
    AS total_is_its_balance
FROM (
  SELECT unit_id, period_start, resolution_code, scope_code,
    max(CASE series_code WHEN 'total' THEN energy_kwh END) AS total,
    max(CASE series_code WHEN 'primary' THEN energy_kwh END) AS primary_,
    max(CASE series_code WHEN 'secondary' THEN energy_kwh END) AS secondary,
    max(CASE series_code WHEN 'tertiary' THEN energy_kwh END) AS tertiary,
    max(CASE series_code WHEN 'residential' THEN energy_kwh END) AS residential,
    max(CASE series_code WHEN 'sold' THEN energy_kwh END) AS sold,
    max(CASE series_code WHEN 'line_loss' THEN energy_kwh END) AS line_loss,
    max(CASE series_code WHEN 'plant_own_use' THEN energy_kwh END) AS plant_own_use,
    max(CASE series_code WHEN 'self_consumed' THEN energy_kwh END) AS self_consumed
  FROM unit_energy GROUP BY unit_id, period_start, resolution_code, scope_code) AS e;

-- name: bill
-- warnings: bills_add_up_to_the_control_total
-- whole: two tables of units
SELECT
  c.unit_id || ' ' || CAST(c.month_start AS VARCHAR) AS key,
  abs(coalesce(s.energy_kwh, 0) - c.indicator_value) > 0.001 * abs(c.indicator_value)
    AS bills_add_up_to_the_control_total
FROM (
  SELECT unit_id, CAST(period_start AS DATE) AS month_start, indicator_value
  FROM indicator_value
  WHERE indicator_code = 'sold_control' AND member_code = 'all' AND resolution_code = 'month'
    AND level = 'county') AS c
LEFT JOIN (
  SELECT b.county_id, b.month_start, sum(b.energy_kwh * p.represented_count) AS energy_kwh
  FROM bill AS b
  JOIN (SELECT supply_point_id, max(represented_count) AS represented_count
        FROM supply_point_all GROUP BY supply_point_id) AS p
    ON p.supply_point_id = b.supply_point_id
  GROUP BY b.county_id, b.month_start) AS s
  ON s.county_id = c.unit_id AND s.month_start = c.month_start;

-- name: batch
-- errors: accepted_and_quarantined_are_all_lines
SELECT
  batch_id || ' ' || file_name AS key,
  accepted_count + quarantined_count <> line_count AS accepted_and_quarantined_are_all_lines
FROM batch;

-- template: reference
LEFT JOIN (SELECT DISTINCT "{known}" AS id FROM {parent}_all) AS p{place}
  ON p{place}.id = v."{column}"

-- template: references
SELECT {key} AS key, {found} FROM {table} AS v {joins}

-- template: versions
SELECT {key} AS key, coalesce({end} < {start}, false)
  OR following IS NOT NULL AND ({end} IS NULL OR following < {end}) AS "{rule}"
FROM (
  SELECT {names}, {start}, {end},
    lead({start}) OVER (PARTITION BY {names} ORDER BY {start}) AS following
  FROM {table}_versions) AS v

-- template: sums
-- Where a county has not delivered yet, nothing is compared.
WITH pairs AS (
  SELECT DISTINCT parent_unit_id AS ancestor_id, unit_id
  FROM org_unit WHERE level = 'county'
  UNION
  SELECT DISTINCT city.parent_unit_id, county.unit_id
  FROM org_unit AS county JOIN org_unit AS city ON city.unit_id = county.parent_unit_id
  WHERE county.level = 'county'),
expected AS (
  SELECT ancestor_id, count(*) AS expected_count FROM pairs
  WHERE ancestor_id IS NOT NULL GROUP BY ancestor_id),
compared AS (
  SELECT {key} AS key, expected_count, count(DISTINCT c.unit_id) AS county_count, {sums}
  FROM {table} AS v
  JOIN expected ON expected.ancestor_id = v.unit_id
  JOIN pairs ON pairs.ancestor_id = v.unit_id
  JOIN {table} AS c ON c.unit_id = pairs.unit_id AND {same}
  GROUP BY {grouped}, expected_count)
SELECT key, {wrong} FROM compared

-- template: count
SELECT {counts} FROM ({sql}) AS checked
