// wire/rate/inbound/filter-audit
// runs the filter code as it is written.
