#pragma once

#include "notification/email_send.hpp"

#include <boost/json/object.hpp>

namespace chatear::notification {

// The fields of `email.send` that hold many values. Each reads one into `email`, or says why not.

Result<void> read_headers(const boost::json::object& event, EmailSend& email);
Result<void> read_attachments(const boost::json::object& event, EmailSend& email);
Result<void> read_template_data(const boost::json::object& event, EmailSend& email);

}  // namespace chatear::notification
