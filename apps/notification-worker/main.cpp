#include "notification/email_service.hpp"
#include "runtime/program.hpp"

#include <string>

using namespace chatear;

int main(int argc, char** argv) {
    runtime::Program program(std::string(notification::worker_name), argc, argv);
    auto settings = notification::read_email_service_settings(program.settings());
    return program.run([&](runtime::Worker& worker) {
        notification::handle_email_send(worker, std::move(settings));
    });
}
