// SPDX-License-Identifier: BSD-2-Clause

// weir-compile: makes one program out of the elements along a path, as the compiler would have made
// it out of one file: their code in the place of the jumps between them, and their arguments as
// constants. A command of its own, as LLVM is large and the router is not to carry it.
//
// Reads lines on its input:
//
//	element INDEX FILE          the object of an element; it carries its own bitcode
//	value INDEX NAME HEX        what one of its frozen variables holds
//	list INDEX HEX              the steps of its rule list (abi/dag.h), if there are not many
//	next INDEX PORT INDEX       the element behind an output
//
// The path begins with the first element. Writes a BPF object with the one program weir_path. What
// it uses of an element is an undefined symbol, NAME.INDEX: a map, or a frozen variable.

#include <linux/bpf.h>

#include <abi/dag.h>
#include <abi/front.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <llvm-c/BitReader.h>
#include <llvm-c/Core.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Linker.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 1 << 16, NAME = 64, SYMBOL = NAME + 16 };

static _Noreturn void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

// --- an element's bitcode ---
static LLVMMemoryBufferRef read_bitcode(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	LLVMMemoryBufferRef out = NULL;
	Elf_Scn *section = NULL;
	size_t names;

	if (!elf || elf_getshdrstrndx(elf, &names))
		fail("%s: %s", file, fd < 0 ? strerror(errno) : "is not an object");
	while (!out && (section = elf_nextscn(elf, section))) {
		const Elf_Data *data = elf_getdata(section, NULL);
		GElf_Shdr s;
		const char *name =
			gelf_getshdr(section, &s) ? elf_strptr(elf, names, s.sh_name) : NULL;

		if (name && data && !strcmp(name, ".llvmbc"))
			out = LLVMCreateMemoryBufferWithMemoryRangeCopy(data->d_buf, data->d_size,
									file);
	}
	elf_end(elf);
	close(fd);
	if (!out)
		fail("%s carries no bitcode", file);
	return out;
}

static void rename_value(LLVMValueRef v, unsigned index)
{
	char name[1024];
	size_t n;

	snprintf(name, sizeof(name), "%s.%u", LLVMGetValueName2(v, &n), index);
	LLVMSetValueName2(v, name, strlen(name));
}

// What a path is not to contain is left to the element's own program.
static void leave_apart(LLVMModuleRef m, LLVMContextRef c, LLVMValueRef f)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(f);
	LLVMValueRef stub = LLVMAddFunction(m, "apart", type);
	LLVMBuilderRef b = LLVMCreateBuilderInContext(c);

	LLVMPositionBuilderAtEnd(b, LLVMAppendBasicBlockInContext(c, stub, ""));
	LLVMBuildRet(b, LLVMConstInt(LLVMGetReturnType(type), WEIR_APART, false));
	LLVMDisposeBuilder(b);
	LLVMReplaceAllUsesWith(f, stub);
	LLVMDeleteFunction(f);
}

static void prepare_functions(LLVMModuleRef m, LLVMContextRef c, unsigned index, bool first)
{
	static const char apart[] = "weir_apart_";
	LLVMValueRef next;

	for (LLVMValueRef f = LLVMGetFirstFunction(m); f; f = next) {
		const char *section = LLVMGetSection(f);
		size_t n;
		const char *name = LLVMGetValueName2(f, &n);

		next = LLVMGetNextFunction(f);
		if (LLVMIsDeclaration(f))
			continue;
		if (!strncmp(name, apart, strlen(apart))) {
			leave_apart(m, c, f);
			continue;
		}
		if (section && !strcmp(section, "xdp")) {
			if (first)
				LLVMSetValueName2(f, "weir_path", strlen("weir_path"));
			else
				LLVMDeleteFunction(f);
			continue;
		}
		rename_value(f, index);
		LLVMSetLinkage(f, LLVMExternalLinkage); // linking is to keep it
	}
}

// A function of the kernel: a variable with its number as an address.
static bool is_helper(LLVMValueRef g)
{
	LLVMValueRef v = LLVMGetInitializer(g);

	return v && LLVMIsAConstantExpr(v) && LLVMGetConstOpcode(v) == LLVMIntToPtr;
}

static bool is_frozen(const char *section)
{
	return section && !strncmp(section, ".rodata.", strlen(".rodata."));
}

// Maps become symbols of others. So do variables of an element's own, which nobody has: who loads
// the path refuses it, as it would have variables apart from those of the element's program.
static void prepare_variables(LLVMModuleRef m, unsigned index)
{
	LLVMValueRef next;

	for (LLVMValueRef g = LLVMGetFirstGlobal(m); g; g = next) {
		const char *section = LLVMGetSection(g);
		size_t n;

		next = LLVMGetNextGlobal(g);
		if (!strncmp(LLVMGetValueName2(g, &n), "llvm.", strlen("llvm."))) {
			LLVMDeleteGlobal(g);
			continue;
		}
		rename_value(g, index);
		if (is_frozen(section) || is_helper(g) || LLVMIsGlobalConstant(g)) {
			LLVMSetLinkage(g, LLVMInternalLinkage);
		} else {
			LLVMSetInitializer(g, NULL);
			LLVMSetLinkage(g, LLVMExternalLinkage);
		}
	}
}

static void add_element(LLVMModuleRef all, unsigned index, const char *file, bool first)
{
	LLVMContextRef c = LLVMGetModuleContext(all);
	LLVMMemoryBufferRef buf = read_bitcode(file);
	LLVMModuleRef m;

	if (LLVMParseBitcodeInContext2(c, buf, &m))
		fail("%s: its bitcode is of another LLVM", file);
	LLVMDisposeMemoryBuffer(buf);
	LLVMStripModuleDebugInfo(m);
	prepare_variables(m, index);
	prepare_functions(m, c, index, first);
	if (first) {
		LLVMSetTarget(all, LLVMGetTarget(m));
		LLVMSetDataLayout(all, LLVMGetDataLayoutStr(m));
	}
	if (LLVMLinkModules2(all, m))
		fail("%s: its bitcode cannot be linked", file);
}

// --- the path ---
static LLVMValueRef find(LLVMModuleRef m, bool function, const char *what, unsigned index)
{
	char name[SYMBOL];

	snprintf(name, sizeof(name), "%.*s.%u", NAME, what, index);
	return function ? LLVMGetNamedFunction(m, name) : LLVMGetNamedGlobal(m, name);
}

static void replace(LLVMValueRef old, LLVMValueRef fresh)
{
	LLVMReplaceAllUsesWith(old, LLVMConstBitCast(fresh, LLVMTypeOf(old)));
}

// malloc'd; NULL: those are no bytes.
static char *read_hex(const char *hex, size_t *n)
{
	char *bytes = calloc(strlen(hex) / 2 + 1, 1);

	*n = strlen(hex) / 2;
	for (size_t i = 0; bytes && i < *n; i++)
		if (sscanf(hex + 2 * i, "%2hhx", (unsigned char *)&bytes[i]) != 1) {
			free(bytes);
			return NULL;
		}
	return bytes;
}

static void set_value(LLVMModuleRef m, unsigned index, const char *name, const char *hex)
{
	LLVMValueRef old = find(m, false, name, index), g, init;
	char symbol[SYMBOL], *bytes;
	size_t n;

	if (!old)
		return;
	bytes = read_hex(hex, &n);
	if (!bytes)
		fail("value %u %s: not a number", index, name);
	if (n < LLVMABISizeOfType(LLVMGetModuleDataLayout(m), LLVMGlobalGetValueType(old)))
		fail("the object of element %u is not the one that was loaded", index);
	init = LLVMConstStringInContext(LLVMGetModuleContext(m), bytes, (unsigned)n, true);
	g = LLVMAddGlobal(m, LLVMTypeOf(init), "value");
	LLVMSetInitializer(g, init);
	LLVMSetGlobalConstant(g, true);
	LLVMSetLinkage(g, LLVMAvailableExternallyLinkage);
	LLVMSetAlignment(g, LLVMGetAlignment(old));
	replace(old, g);
	LLVMDeleteGlobal(old);
	snprintf(symbol, sizeof(symbol), "%s.%u", name, index);
	LLVMSetValueName2(g, symbol, strlen(symbol));
	free(bytes);
}

// --- a rule list as code ---
struct list {
	LLVMContextRef c;
	LLVMBuilderRef b;
	LLVMValueRef f; // takes the place of weir_dag_begin
	LLVMBasicBlockRef *blocks;
	const struct weir_dag_step *steps;
	unsigned n;
};

static LLVMValueRef number(const struct list *l, unsigned v)
{
	return LLVMConstInt(LLVMInt32TypeInContext(l->c), v, false);
}

// Where a step leads: to another one, or to an output.
static LLVMBasicBlockRef target(const struct list *l, unsigned to)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(l->b), out;

	if (to >= WEIR_DAG_STEP && to - WEIR_DAG_STEP < l->n)
		return l->blocks[to - WEIR_DAG_STEP];
	out = LLVMAppendBasicBlockInContext(l->c, l->f, "");
	LLVMPositionBuilderAtEnd(l->b, out);
	LLVMBuildRet(l->b, number(l, to));
	LLVMPositionBuilderAtEnd(l->b, here);
	return out;
}

// The word at d; in lists that do not only look at the start of the packet as a number.
static LLVMValueRef load_word(const struct list *l, LLVMValueRef d)
{
	LLVMTypeRef word = LLVMInt32TypeInContext(l->c);
	LLVMValueRef v, swapped,
		swap = LLVMGetIntrinsicDeclaration(
			LLVMGetGlobalParent(l->f),
			LLVMLookupIntrinsicID("llvm.bswap", strlen("llvm.bswap")), &word, 1);

	v = LLVMBuildLoad2(l->b, word, LLVMBuildBitCast(l->b, d, LLVMPointerType(word, 0), ""), "");
	LLVMSetAlignment(v, sizeof(uint32_t)); // as all that is loaded from packets
	swapped = LLVMBuildCall2(l->b, LLVMGlobalGetValueType(swap), swap, &v, 1, "");
	return LLVMBuildSelect(l->b, LLVMGetParam(l->f, 4), v, swapped, "");
}

static void write_step(const struct list *l, unsigned i)
{
	const struct weir_dag_step *s = &l->steps[i];
	LLVMTypeRef byte = LLVMInt8TypeInContext(l->c);
	LLVMBasicBlockRef there = LLVMAppendBasicBlockInContext(l->c, l->f, "");
	LLVMValueRef from = LLVMGetParam(l->f, 1), at[] = {number(l, s->off)},
		     size[] = {number(l, sizeof(uint32_t))}, d, v;

	LLVMPositionBuilderAtEnd(l->b, l->blocks[i]);
	if (s->base == WEIR_BASE_NETWORK)
		from = LLVMBuildSelect(l->b, LLVMGetParam(l->f, 4), from, LLVMGetParam(l->f, 2),
				       "");
	d = LLVMBuildGEP2(l->b, byte, from, at, 1, "");
	v = LLVMBuildGEP2(l->b, byte, d, size, 1, "");
	LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntUGT, v, LLVMGetParam(l->f, 3), ""),
			target(l, s->missing), there);
	LLVMPositionBuilderAtEnd(l->b, there);
	v = LLVMBuildAnd(l->b, load_word(l, d), number(l, s->mask), "");
	v = LLVMBuildSub(l->b, v, number(l, s->lo), "");
	LLVMBuildCondBr(l->b, LLVMBuildICmp(l->b, LLVMIntULE, v, number(l, s->span), ""),
			target(l, s->yes), target(l, s->no));
}

// Goes to the step with which the arguments say that it begins.
static void write_list(const struct list *l)
{
	LLVMTypeRef word = LLVMInt32TypeInContext(l->c);
	LLVMBasicBlockRef begin = LLVMAppendBasicBlockInContext(l->c, l->f, "");
	LLVMValueRef start, choice;

	for (unsigned i = 0; i < l->n; i++)
		l->blocks[i] = LLVMAppendBasicBlockInContext(l->c, l->f, "");
	LLVMPositionBuilderAtEnd(l->b, begin);
	start = LLVMBuildLoad2(
		l->b, word,
		LLVMBuildBitCast(l->b, LLVMGetParam(l->f, 0), LLVMPointerType(word, 0), ""), "");
	choice = LLVMBuildSwitch(l->b, start, LLVMAppendBasicBlockInContext(l->c, l->f, ""), l->n);
	for (unsigned i = 0; i < l->n; i++)
		LLVMAddCase(choice, number(l, WEIR_DAG_STEP + i), l->blocks[i]);
	LLVMPositionBuilderAtEnd(l->b, LLVMGetSwitchDefaultDest(choice));
	LLVMBuildRet(l->b, start);
	for (unsigned i = 0; i < l->n; i++)
		write_step(l, i);
}
_Static_assert(!offsetof(struct weir_dag_args, start), "loaded by write_list");

static void set_list(LLVMModuleRef m, unsigned index, const char *hex)
{
	LLVMValueRef old = find(m, true, "weir_dag_begin", index);
	size_t n;
	char *bytes = read_hex(hex, &n);
	struct list l = {.c = LLVMGetModuleContext(m)};

	l.n = (unsigned)(n / sizeof(*l.steps));
	if (!old || !bytes || !l.n)
		fail("list %u: there is none", index);
	l.steps = (const struct weir_dag_step *)bytes;
	l.b = LLVMCreateBuilderInContext(l.c);
	l.f = LLVMAddFunction(m, "list", LLVMGlobalGetValueType(old));
	l.blocks = calloc(l.n, sizeof(LLVMBasicBlockRef));
	if (!l.blocks)
		fail("no memory");
	write_list(&l);
	replace(old, l.f);
	LLVMDeleteFunction(old);
	LLVMDisposeBuilder(l.b);
	free(l.blocks);
	free(bytes);
}

// --- the way from element to element ---
static void set_next(LLVMModuleRef m, unsigned from, unsigned port, unsigned to)
{
	char name[NAME];
	LLVMValueRef next, run = find(m, true, "weir_run", to);

	snprintf(name, sizeof(name), "weir_next_%u", port);
	next = find(m, true, name, from);
	if (!next || !run)
		fail("next %u %u %u: there is no such way", from, port, to);
	replace(next, run);
	LLVMDeleteFunction(next);
}

static void read_lines(LLVMModuleRef m)
{
	static char line[LINE], text[LINE], name[NAME];
	unsigned index, port, to, n = 0;

	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "element %u %65535[^\n]", &index, text) == 2)
			add_element(m, index, text, !n++);
		else if (sscanf(line, "value %u %63s %65535s", &index, name, text) == 3)
			set_value(m, index, name, text);
		else if (sscanf(line, "list %u %65535s", &index, text) == 2)
			set_list(m, index, text);
		else if (sscanf(line, "next %u %u %u", &index, &port, &to) == 3)
			set_next(m, index, port, to);
		else
			fail("not understood: %s", line);
	}
	if (!n)
		fail("no elements");
}

// NULL: this LLVM has no such attribute any more, and does without the hint.
static LLVMAttributeRef attribute(LLVMContextRef c, const char *name)
{
	unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

	return kind ? LLVMCreateEnumAttribute(c, kind, 0) : NULL;
}

// What functions of the kernel do to memory that the path sees. The others may do anything.
enum effect { ANYTHING, READS_ARGUMENTS, NOTHING };

static enum effect effect_of(unsigned long long helper)
{
	switch (helper) {
	case BPF_FUNC_map_lookup_elem:
		return READS_ARGUMENTS;
	case BPF_FUNC_redirect_map:
	case BPF_FUNC_ktime_get_ns:
	case BPF_FUNC_ktime_get_coarse_ns:
		return NOTHING;
	default:
		return ANYTHING;
	}
}

// A call of one of the kernel's functions: of a variable that holds its number as an address.
static LLVMValueRef helper(LLVMValueRef call)
{
	LLVMValueRef at = LLVMIsACallInst(call) ? LLVMGetCalledValue(call) : NULL;

	if (at && LLVMIsALoadInst(at) && LLVMIsAGlobalVariable(LLVMGetOperand(at, 0)))
		at = LLVMGetInitializer(LLVMGetOperand(at, 0));
	if (!at || !LLVMIsAConstantExpr(at) || LLVMGetConstOpcode(at) != LLVMIntToPtr)
		return NULL;
	return LLVMGetOperand(at, 0);
}

// Loads the address of the packet or of its block (WEIR_CTX_POINTER of bpf/include/weir/packet.h).
static bool finds_packet(LLVMValueRef call)
{
	LLVMValueRef at = LLVMIsACallInst(call) ? LLVMGetCalledValue(call) : NULL, field;

	if (!at || !LLVMIsAInlineAsm(at) || LLVMGetNumArgOperands(call) != 2 ||
	    LLVMGetTypeKind(LLVMTypeOf(call)) != LLVMPointerTypeKind)
		return false;
	field = LLVMGetOperand(call, 1);
	return LLVMIsAConstantInt(field) &&
	       LLVMConstIntGetZExtValue(field) != offsetof(struct xdp_md, data_end);
}

static void tell(LLVMValueRef call, unsigned at, const char *name)
{
	LLVMAttributeRef a = attribute(LLVMGetTypeContext(LLVMTypeOf(call)), name);

	if (a)
		LLVMAddCallSiteAttribute(call, at, a);
}

static void tell_effect(LLVMValueRef call)
{
	const unsigned all = (unsigned)LLVMAttributeFunctionIndex;
	LLVMValueRef number = helper(call);
	enum effect effect = number ? effect_of(LLVMConstIntGetZExtValue(number)) : ANYTHING;

	if (finds_packet(call)) // each is memory of its own
		tell(call, LLVMAttributeReturnIndex, "noalias");
	if (effect == ANYTHING)
		return;
	tell(call, all, "nounwind");
	tell(call, all, "willreturn");
	tell(call, all, effect == NOTHING ? "inaccessiblememonly" : "argmemonly");
	if (effect == READS_ARGUMENTS)
		tell(call, all, "readonly");
}

static void tell_effects(LLVMValueRef f)
{
	for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; b = LLVMGetNextBasicBlock(b))
		for (LLVMValueRef i = LLVMGetFirstInstruction(b); i; i = LLVMGetNextInstruction(i))
			tell_effect(i);
}

// All that is not the path itself is inside of it.
static void enclose(LLVMModuleRef m)
{
	LLVMContextRef c = LLVMGetModuleContext(m);
	size_t n;

	for (LLVMValueRef f = LLVMGetFirstFunction(m); f; f = LLVMGetNextFunction(f)) {
		if (LLVMIsDeclaration(f))
			continue;
		tell_effects(f);
		if (!strcmp(LLVMGetValueName2(f, &n), "weir_path")) {
			// no packet lies where the context does
			LLVMAddAttributeAtIndex(f, 1, attribute(c, "noalias"));
			continue;
		}
		LLVMSetLinkage(f, LLVMInternalLinkage);
		LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
					attribute(c, "alwaysinline"));
	}
}

static LLVMTargetMachineRef machine(LLVMModuleRef m)
{
	LLVMTargetRef target;
	char *why = NULL;

	LLVMInitializeBPFTargetInfo();
	LLVMInitializeBPFTarget();
	LLVMInitializeBPFTargetMC();
	LLVMInitializeBPFAsmParser();
	LLVMInitializeBPFAsmPrinter();
	if (LLVMGetTargetFromTriple(LLVMGetTarget(m), &target, &why))
		fail("%s", why);
	return LLVMCreateTargetMachine(target, LLVMGetTarget(m), "v3", "", LLVMCodeGenLevelDefault,
				       LLVMRelocDefault, LLVMCodeModelDefault);
}

static void optimize(LLVMModuleRef m, LLVMTargetMachineRef t)
{
	LLVMPassBuilderOptionsRef o = LLVMCreatePassBuilderOptions();
	// Inlined first, as otherwise all that is behind an element is optimized once for each.
	LLVMErrorRef e = LLVMRunPasses(m,
				       "function(sroa,early-cse,simplifycfg),always-inline,"
				       "globaldce,default<O2>",
				       t, o);

	if (e)
		fail("%s", LLVMGetErrorMessage(e));
	LLVMDisposePassBuilderOptions(o);
}

static void write_object(LLVMModuleRef m, LLVMTargetMachineRef t)
{
	LLVMMemoryBufferRef out;
	char *why = NULL;

	if (LLVMTargetMachineEmitToMemoryBuffer(t, m, LLVMObjectFile, &why, &out))
		fail("%s", why);
	if (fwrite(LLVMGetBufferStart(out), LLVMGetBufferSize(out), 1, stdout) != 1 ||
	    fflush(stdout))
		fail("%s", strerror(errno));
	LLVMDisposeMemoryBuffer(out);
}

int main(void)
{
	LLVMModuleRef m = LLVMModuleCreateWithName("path");
	LLVMTargetMachineRef t;

	elf_version(EV_CURRENT);
	read_lines(m);
	enclose(m);
	t = machine(m);
	optimize(m, t);
	write_object(m, t);
	LLVMDisposeTargetMachine(t);
	LLVMDisposeModule(m);
	return 0;
}
