// The program `holdfast`: a server whose handlers all come from --load.

#include "sdk/include/holdfast/server.h"

int main(int argc, char** argv) { return holdfast::run_server(argc, argv, {}); }
