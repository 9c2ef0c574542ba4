// wire/rate/inbound/filter-tag
// runs the filter code as it is written.
