#include "client/known_errors.h"

#include <algorithm>

#include "base/errors.h"

namespace client {
namespace {

namespace errors = base::errors;

// Compat: the table of rpctypes 3.7.1. It lacks some of the errors that it declares, so these stand
// behind their code: kTimeoutWaitAppliedIndex, kPermissionNotGiven, kInvalidClientApiVersion,
// kWatchCanceled, kRequestCanceled, kDeadlineExceeded.
constexpr std::string_view kKnown[] = {
    errors::kEmptyKey.text,
    errors::kKeyNotFound.text,
    errors::kValueProvided.text,
    errors::kLeaseProvided.text,
    errors::kTooManyOps.text,
    errors::kDuplicateKey.text,
    errors::kInvalidSortOption.text,
    errors::kCompacted.text,
    errors::kFutureRevision.text,
    errors::kNoSpace.text,
    errors::kLeaseNotFound.text,
    errors::kLeaseExists.text,
    errors::kLeaseTtlTooLarge.text,
    errors::kMemberExists.text,
    errors::kPeerUrlExists.text,
    errors::kNotEnoughStartedMembers.text,
    errors::kMemberBadUrls.text,
    errors::kMemberNotFound.text,
    errors::kMemberNotLearner.text,
    errors::kLearnerNotReady.text,
    errors::kTooManyLearners.text,
    errors::kClusterIdMismatch.text,
    errors::kRequestTooLarge.text,
    errors::kTooManyRequests.text,
    errors::kRootUserNotExist.text,
    errors::kRootRoleNotExist.text,
    errors::kUserExists.text,
    errors::kUserEmpty.text,
    errors::kUserNotFound.text,
    errors::kRoleExists.text,
    errors::kRoleNotFound.text,
    errors::kRoleEmpty.text,
    errors::kAuthFailed.text,
    errors::kPermissionDenied.text,
    errors::kRoleNotGranted.text,
    errors::kPermissionNotGranted.text,
    errors::kAuthNotEnabled.text,
    errors::kInvalidAuthToken.text,
    errors::kInvalidAuthManagement.text,
    errors::kAuthOldRevision.text,
    errors::kNoLeader.text,
    errors::kNotLeader.text,
    errors::kLeaderChanged.text,
    errors::kNotCapable.text,
    errors::kStopped.text,
    errors::kTimeout.text,
    errors::kTimeoutDueToLeaderFailure.text,
    errors::kTimeoutDueToConnectionLost.text,
    errors::kUnhealthy.text,
    errors::kCorrupt.text,
    errors::kNotSupportedForLearner.text,
    errors::kBadLeaderTransferee.text,
    errors::kWrongDowngradeVersionFormat.text,
    errors::kInvalidDowngradeTargetVersion.text,
    errors::kClusterVersionUnavailable.text,
    errors::kDowngradeInProgress.text,
    errors::kNoInflightDowngrade.text,
};

}  // namespace

bool IsKnownError(std::string_view text) {
  return std::find(std::begin(kKnown), std::end(kKnown), text) != std::end(kKnown);
}

}  // namespace client
