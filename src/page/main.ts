/** The page's entry: hands the interface what only a page has, then starts it. The order of these lines matters. */
import './platform.ts';
import '../ui/main.ts';
