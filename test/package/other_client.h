#pragma once

// What another library's class of the name etcd::Client answers: 42.
int OtherClientNumber();
