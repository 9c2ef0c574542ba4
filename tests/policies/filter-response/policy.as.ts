// wire/rate/inbound/filter-response
// runs the filter code as it is written.
