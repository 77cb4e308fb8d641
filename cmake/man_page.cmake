# A program's manual page, made of its own help texts:
#
#   cmake -DPROGRAM=bin/etcd -DNAME=etcd -DABOUT="one line" -DVERSION=3.7.1 -DOUT=etcd.1 -P man_page.cmake

# Words in quotes are no names of variables.
cmake_policy(SET CMP0054 NEW)

# Runs the program; what it says, and the last line apart that only says where there is more.
function(help_of out)
  execute_process(COMMAND ${PROGRAM} ${ARGN} OUTPUT_VARIABLE text ERROR_VARIABLE text
                  COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "Usage of ${PROGRAM}:" "Usage of ${NAME}:" text "${text}")
  string(REGEX REPLACE "\nUse \"[^\n]*" "" text "${text}")
  string(STRIP "${text}" text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Text as it is, for troff.
function(add_text text)
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" text "${text}")
  file(APPEND ${OUT} ".nf\n${text}\n.fi\n")
endfunction()

# A section for each command below `path`, and for theirs.
function(add_commands help)
  string(REGEX MATCHALL "\n  [a-z][a-z-]* +[A-Z]" found "${help}")
  # Where a text begins with the command's name, it stands in this list.
  string(REGEX MATCH "Available Commands:(\n  [a-z][^\n]*)+" listed "${help}")
  if(listed)
    string(REGEX MATCHALL "\n  [a-z][a-z-]* +[a-zA-Z]" found "${listed}")
  endif()
  foreach(each IN LISTS found)
    string(REGEX REPLACE "^\n  ([a-z-]+) .*" "\\1" command "${each}")
    if(command STREQUAL "help")
      continue()
    endif()
    help_of(text help ${ARGN} ${command})
    string(JOIN " " title ${NAME} ${ARGN} ${command})
    file(APPEND ${OUT} ".SH \"${title}\"\n")
    add_text("${text}")
    add_commands("${text}" ${ARGN} ${command})
  endforeach()
endfunction()

string(TOUPPER ${NAME} title)
file(WRITE ${OUT} ".TH ${title} 1 \"\" \"Cornerstore ${VERSION}\"\n.SH NAME\n${NAME} \\- ${ABOUT}\n.SH DESCRIPTION\n")
help_of(help --help)
add_text("${help}")
if(NAME STREQUAL "etcdctl")
  file(APPEND ${OUT} ".SH OPTIONS\n")
  help_of(options options)
  add_text("${options}")
endif()
if(NOT NAME STREQUAL "etcd")
  add_commands("${help}")
endif()
