// wire/rate/inbound/filter-body
// runs the filter code as it is written.
