// wire/db/inbound/filter-connection
// runs the filter code as it is written.
