// wire/frontend/outbound/filter-parameters
// runs the filter code as it is written.
