// wire/rate/inbound/filter-deny
// runs the filter code as it is written.
