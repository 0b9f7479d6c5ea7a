#pragma once

#include "deletion/deletion.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace chatear::deletion {

/// One row of `action_logs` to be. `meta` never holds an address, a token or a name. `user_id` is
/// as somebody asked where there is no such user; the store writes NULL where the column's type
/// cannot hold it.
struct AuditEntry {
    std::string user_id;
    std::string action;  ///< One of the words of audit_actions.hpp.
    boost::json::object meta{};
};

/// Something to publish with a change: a domain event, or an `email.send` for the user. `key` makes
/// it unique for its deletion: the same change carried out again publishes nothing again. Made and
/// finished by the functions of notices.hpp: the store writes finish_notices(...).
struct Notice {
    std::string subject;
    std::string key;
    boost::json::object payload{};
};

/// A step of a deletion's life, to be carried out in one transaction, and only while its row still
/// is as `before` says: its status, its mail's number, how many tries of that were counted, and how
/// often it was held.
struct Change {
    Deletion before;
    Deletion after;
    std::vector<AuditEntry> audit{};
    std::vector<Notice> notices{};
    bool tells_address = false;  ///< It has an e-mail: finish_notices() needs the user's row.
};

}  // namespace chatear::deletion
