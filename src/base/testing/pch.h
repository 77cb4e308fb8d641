// The precompiled header of the unit tests: also the parts of GoogleTest that all of them use.
#pragma once

#include <base/pch.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
