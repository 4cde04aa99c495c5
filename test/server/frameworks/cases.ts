// The contract's cases, as a suite that stands in a framework runs them: import it once the framework is chosen.
import '../../operations/cases-list.test.ts';
import '../../operations/cases-read.test.ts';
import '../../operations/cases-write.test.ts';
import '../../operations/cases-folder.test.ts';
import '../../operations/cases-delete.test.ts';
