#ifndef FAKE_CUDA_H
#define FAKE_CUDA_H

// How a test steers and asks the fake CUDA libraries. What a process has loaded and what it has linked can be two copies:
// take these by dlsym from the shared object that the job loads.

#ifdef __cplusplus
extern "C" {
#endif

/// Clears sticky errors, counters and injected failures; objects that live stay.
void fake_cuda_reset(void);
/// The nth call from now on of an entry point, counted from 1, returns `code` and does nothing.
void fake_cuda_fail(const char *name, long nth, int code);
/// How often an entry point has been called.
long fake_cuda_calls(const char *name);
/// Device memory that has not been freed, as allocations.
long fake_cuda_live_allocations(void);
/// Allocations of the device and of pinned memory, streams, modules, handles, programs and retained contexts.
long fake_cuda_live_objects(void);
/// What no correct program does: a line on the standard error stream has said what.
long fake_cuda_violations(void);
/// Matrix products without a workspace of the caller's.
long fake_cuda_gemms_without_workspace(void);
/// The order of threads between synchronisation points: 0 forward, 1 backward, else the seed of a shuffle.
void fake_cuda_schedule(int order);

#ifdef __cplusplus
}
#endif

#endif
