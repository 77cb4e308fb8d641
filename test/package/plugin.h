#pragma once

// Puts a pair, and reads it again; 0 if that went well.
extern "C" int PluginPut(const char* endpoint, const char* key, const char* value);
