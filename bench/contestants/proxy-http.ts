import { listen } from './listen.ts';
import { proxy } from './proxy.ts';

listen(proxy);
