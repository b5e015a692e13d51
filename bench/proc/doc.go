// Package proc starts the servers that are measured and reads what the kernel knows of
// them: CPU time, memory, socket buffers. Linux only.
package proc
