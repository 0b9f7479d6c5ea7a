#include "http/url.hpp"

#include "base/number.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace chatear::http {

Result<Url> parse_url(std::string_view text) {
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed) {
        return Error{"it is not a URL"};
    }
    const boost::urls::url_view& view = *parsed;
    Url url;
    url.tls = view.scheme() == "https";
    if (!url.tls && view.scheme() != "http") {
        return Error{"its scheme must be http or https"};
    }
    if (view.has_userinfo() || view.has_fragment()) {
        return Error{"it must have no user and no '#'"};
    }
    url.host = view.host_address();
    if (url.host.empty() ||
        url.host.find_first_of(std::string_view("\r\n\0 ", 4)) != std::string::npos) {
        return Error{"it names no host"};
    }
    url.port = url.tls ? 443 : 80;
    if (view.has_port()) {
        // Boost.URL's own port_number() wraps around at 65536.
        url.port = parse_number<std::uint16_t>(std::string_view(view.port())).value_or(0);
        if (url.port == 0) {
            return Error{"its port must be 1 to 65535"};
        }
    }
    url.target = std::string(view.encoded_target());
    if (!url.target.starts_with('/')) {
        url.target.insert(0, "/");
    }
    return url;
}

}  // namespace chatear::http
