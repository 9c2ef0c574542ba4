-- The filter that the table compares, for Envoy's Lua.
function envoy_on_request(handle)
  local headers = handle:headers()
  if headers:get("x-tenant") == "acme" and headers:get("x-plan") == "gold" then
    headers:replace("x-plan", "platinum")
    headers:add("x-checked", "yes")
  end
end

function envoy_on_response(handle)
  handle:headers():add("x-served-by", "wire")
end
